"""One measured transfer between two clients."""

import os
import shutil
import threading
import time

import data
import network
from clients import OpenTracker
from sandbox import Sandbox

TIMEOUT_S = 600
SEED_CORE, LEECH_CORE = 0, 1
# The clock runs from the first bytes on: Transmission lets nobody in for ten seconds.
STARTED_BYTES = data.MIB


class Fixture:
    """The data, its torrent's folder and the settings that all measurements share."""

    def __init__(self, work_dir, shape, pinned):
        self.work_dir, self.shape = work_dir, shape
        self.pinned = pinned and len(os.sched_getaffinity(0)) > 1
        self.folder = work_dir / "data"
        self.folder.mkdir()
        self.root = shape.make(self.folder)
        self.digest = data.tree_digest(self.root)

    def core(self, number):
        return sorted(os.sched_getaffinity(0))[number] if self.pinned else None


def measure_pair(fixture, seeder_type, leecher_type):
    """Returns (the seeder's cost, the leecher's cost, what belongs to the transfer) as dictionaries."""
    with Sandbox("compare", fixture.work_dir) as box:
        tracker = OpenTracker(box)
        tracker.run()
        torrent = data.create_here(fixture.root, box.dir / "t.torrent", fixture.shape.piece_bytes, [tracker.http_url])
        tracker.allow(torrent.info_hash)
        seeder = seeder_type(box, core=fixture.core(SEED_CORE))
        leecher = leecher_type(box, core=fixture.core(LEECH_CORE))
        seeder.seed(torrent, fixture.folder)
        out = box.subdir("out")
        os.sync()
        seeder_before, steal_before, watch = seeder.usage(), cpu_ticks(), StartWatch()
        leecher.download(torrent, out)
        leecher.wait_complete(TIMEOUT_S)
        transfer_s, steal_after = watch.stop(), cpu_ticks()
        leecher.stop()
        seeder.stop()
        if data.tree_digest(out / fixture.root.name) != fixture.digest:
            raise AssertionError(f"{seeder.NAME} to {leecher.NAME}: the copy differs")
        shutil.rmtree(out)
        common = {"rate_mb_per_s": torrent.total_bytes / transfer_s / 1e6,
                  "steal_percent": steal_percent(steal_before, steal_after)}
        gib = torrent.total_bytes / data.GIB
        return (cost(seeder.usage(), seeder_before.user_s, seeder_before.sys_s, gib),
                cost(leecher.usage(), leecher.startup_cpu_s(), 0.0, gib), common)


def cost(used, user_before_s, sys_before_s, gib):
    """CPU seconds a GiB and peak memory of one end."""
    user, system = (used.user_s - user_before_s) / gib, (used.sys_s - sys_before_s) / gib
    return {"cpu_s_per_gib": user + system, "user_s_per_gib": user, "sys_s_per_gib": system,
            "peak_rss_bytes": used.peak_rss_bytes}


class StartWatch:
    """A stopwatch that starts with the payload: it watches the namespace's `lo`."""

    _POLL_S = 0.005

    def __init__(self):
        self._base_bytes = network.loopback_bytes()
        self._started_s = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self):
        while not self._ending.is_set():
            if network.loopback_bytes() > self._base_bytes + STARTED_BYTES:
                self._started_s = time.monotonic()
                return
            self._ending.wait(self._POLL_S)

    def stop(self):
        """Seconds since the payload started."""
        ended_s = time.monotonic()
        self._ending.set()
        self._thread.join()
        if self._started_s is None:
            raise AssertionError("nothing crossed the network")
        return max(ended_s - self._started_s, self._POLL_S)


def cpu_ticks():
    """(stolen, all) clock ticks of the machine since it started."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(field) for field in stat.readline().split()[1:9]]
    return ticks[7], sum(ticks)


def steal_percent(before, after):
    return 100.0 * (after[0] - before[0]) / max(after[1] - before[1], 1)
