"""`kill -9` in the middle of a download, twenty times: nothing that was verified is fetched again."""

import random
import signal
import sys
import time

import data
import network
from clients import Spate
from process import wait_until
from sandbox import seconds
from scenario import Scenario

KILLS = 20
SEED = 20
# So slow that twenty runs don't finish the download even where each is killed a second late.
KILLED_RATE = "6M"
RUN_BYTES_MAX = 4 * data.MIB
LAST_RATE = "12M"
# Lost at a kill: pieces begun and not yet verified, and what the sockets' buffers held.
IN_FLIGHT_BYTES_MAX = 6 * data.MIB
# TCP/IP and message headers, HAVEs; handshakes and announces of a start.
WIRE_OVERHEAD = 0.02
START_OVERHEAD_BYTES = 256 * data.KIB


class KillNine(Scenario):
    """The wire is measured by the kernel's counter of this namespace's `lo`, not by what spate says."""

    def test_twenty_kills_lose_only_the_pieces_in_flight_on_one_core(self):
        self.kill_and_measure(cores=1)

    def test_twenty_kills_lose_only_the_pieces_in_flight_on_two_cores(self):
        self.kill_and_measure(cores=2)

    def kill_and_measure(self, cores):
        shape = data.single("resumed.bin", 160 * data.MIB, 256 * data.KIB)
        folder, root, self.torrent = self.make(shape)
        self.source = Spate(self.box, cores=1)
        self.source.seed(self.torrent, folder)
        self.out, self.cores = self.box.subdir("out"), cores
        moments = random.Random(SEED)
        marks = [self.run_and_kill(moments.randrange(RUN_BYTES_MAX)) for _ in range(KILLS)]
        marks.append(self.run_to_the_end())
        self.assert_same(root, self.out / root.name)
        marks.append((network.loopback_bytes(), shape.total_bytes))
        self.check(marks)

    def begin(self, rate):
        """Limited in the last run too: without, it fetches tens of MiB between saying how much it has and `mark` reading it."""
        leecher = Spate(self.box, cores=self.cores)
        leecher.download(self.torrent, self.out, [self.source.peer], ["--down", rate])
        return leecher

    def run_and_kill(self, run_bytes):
        """Kills when so much has come behind the first payload. Returns (wire bytes, done bytes) when the check had ended."""
        leecher = self.begin(KILLED_RATE)
        mark = self.mark(leecher)
        moment = mark[0] + START_OVERHEAD_BYTES + run_bytes
        wait_until(lambda: network.loopback_bytes() > moment, seconds(20), "the payload before the kill")
        leecher.process.stop(signal.SIGKILL)
        return mark

    def run_to_the_end(self):
        leecher = self.begin(LAST_RATE)
        mark = self.mark(leecher)
        leecher.wait_complete(seconds(60))
        return mark

    def mark(self, leecher):
        """What was on the wire when spate first said how much it has."""
        def started(event):
            return event["event"] == "complete" or event["event"] == "progress" and event["state"] != "checking"
        event = wait_until(lambda: next(filter(started, leecher.events()), None), seconds(20), "the first progress")
        return network.loopback_bytes(), event.get("done_bytes", self.torrent.total_bytes)

    def check(self, marks):
        unfinished = sum(done < self.torrent.total_bytes for _, done in marks)
        self.assertGreaterEqual(unfinished, KILLS, "the rate limit keeps every kill in the middle of the download")
        self.assertGreater(marks[KILLS][1], self.torrent.total_bytes // 8, "the kills hit running transfers")
        losses = []
        for (wire_before, done_before), (wire_after, done_after) in zip(marks, marks[1:]):
            self.assertGreaterEqual(done_after, done_before, "verified bytes do not vanish")
            wire_bytes, gained_bytes = wire_after - wire_before, done_after - done_before
            losses.append(wire_bytes - gained_bytes)
            allowed = gained_bytes * (1 + WIRE_OVERHEAD) + IN_FLIGHT_BYTES_MAX + START_OVERHEAD_BYTES
            self.assertLessEqual(wire_bytes, allowed, f"after {len(losses)} kills")
        print(f"lost a kill: median {sorted(losses)[len(losses) // 2] / data.MIB:.2f} MiB, "
              f"most {max(losses) / data.MIB:.2f} MiB ", end="", file=sys.stderr)


class ManySeeds(Scenario):
    """Hundreds of records are saved under one sync; whenever that is cut off, each is whole or not there."""

    TORRENTS = 300
    CUTS = 8

    def test_kills_while_records_are_saved_leave_only_whole_ones(self):
        folder = self.box.subdir("data")
        self.words = [self.make_torrent(folder, number) for number in range(self.TORRENTS)]
        self.words += ["--data", folder, "--no-tracker"]
        self.records = folder / ".spate"
        moments = random.Random(SEED)
        for _ in range(self.CUTS):
            seeder = self.start()
            wait_until(self.records.is_dir, seconds(20), "the first record")
            time.sleep(moments.uniform(0, 0.1))
            seeder.process.stop(signal.SIGKILL)
            for record in self.records.glob("*.resume"):
                self.assertGreater(record.stat().st_size, 0)
            if moments.random() < 0.5:  # else the next run finds what this one left
                for record in self.records.iterdir():
                    record.unlink()
                self.records.rmdir()
        written = self.seed_until_all_are_recorded()
        self.assertEqual(written, self.seed_until_all_are_recorded(), "durable records are not written again")

    def make_torrent(self, folder, number):
        root = data.single(f"{number}.bin", 20 * data.KIB, 16 * data.KIB).make(folder)
        return data.create_here(root, self.box.dir / f"{number}.torrent", 16 * data.KIB).path

    def start(self):
        seeder = Spate(self.box)
        seeder.start_command("seed", *self.words)
        return seeder

    def seed_until_all_are_recorded(self):
        """The records, with the time when each was written."""
        seeder = self.start()
        wait_until(lambda: len(seeder.events("ready")) == self.TORRENTS, seconds(30), "all seeds")
        wait_until(lambda: len(list(self.records.glob("*.resume"))) == self.TORRENTS, seconds(30), "all records")
        seeder.interrupt()
        self.assertEqual([], seeder.events("warning"))
        self.assertEqual([], list(self.records.glob("*.new")))
        return {record.name: record.stat().st_mtime_ns for record in self.records.iterdir()}
