"""What spate calls complete, records and overwrites: only its own files, and only what they still are."""

import os
import time

import data
from clients import Spate, spate
from process import wait_until
from sandbox import seconds
from scenario import TRANSFER_TIMEOUT_S, Scenario


class Truth(Scenario):
    def get(self, torrent, out, *options):
        leecher = Spate(self.box)
        leecher.download(torrent, out, [self.seeder.peer], options)
        return leecher

    def seeded(self, shape, *options):
        """(root, torrent) of a data set that self.seeder has."""
        folder, root, torrent = self.make(shape)
        self.seeder = Spate(self.box)
        self.seeder.seed(torrent, folder, *options)
        return root, torrent

    def refused(self, client, words):
        self.assertEqual(client.process.wait(seconds(30)), spate.EXIT_FAILURE)
        self.assertIn(words, str(client.events("error")))


class FilesOfOthers(Truth):
    """Files that were there before."""

    def test_what_was_there_before_is_left_alone_unless_told_otherwise(self):
        root, torrent = self.seeded(data.single("notes.txt", data.MIB))
        out = self.box.subdir("out")
        for content in (b"my own work\n" * 200_000, b"short"):  # longer than the torrent says, and shorter
            (out / "notes.txt").write_bytes(content)
            self.refused(self.get(torrent, out), "notes.txt")
            self.assertEqual((out / "notes.txt").read_bytes(), content)
        self.get(torrent, out, "--overwrite").wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(root, out / "notes.txt")

    def test_a_download_that_was_killed_at_once_goes_on_by_itself(self):
        root, torrent = self.seeded(data.single("begun.bin", 8 * data.MIB), "--up", "500K")
        out = self.box.subdir("out")
        first = self.get(torrent, out)
        wait_until((out / "begun.bin").exists, seconds(20), "the file")
        first.process.stop()
        self.seeder.stop()
        self.seeder = Spate(self.box)
        self.seeder.seed(torrent, root.parent)
        self.get(torrent, out).wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(root, out / "begun.bin")

    def test_a_longer_file_that_matches_otherwise_is_told_of(self):
        root, torrent = self.seeded(data.single("long.bin", data.MIB))
        out = self.box.subdir("out")
        (out / "long.bin").write_bytes(root.read_bytes() + b"appended")
        leecher = self.get(torrent, out)
        leecher.wait_complete(seconds(30))
        self.assertIn("long.bin", str(leecher.events("warning")))
        self.assertEqual((out / "long.bin").stat().st_size, data.MIB + 8)

    def test_a_file_that_comes_during_the_download_is_not_overwritten(self):
        root, torrent = self.seeded(data.many_files("late"), "--up", "2M")
        out = self.box.subdir("out")
        last = max(path for path, digest in data.tree_digest(root).items() if digest[0] > data.MIB)
        leecher = self.get(torrent, out, "--sequential")
        wait_until((out / "late").is_dir, seconds(20), "the first file")
        mine = out / "late" / last
        mine.parent.mkdir(parents=True, exist_ok=True)
        self.assertFalse(mine.exists(), "it is the last to come")
        mine.write_bytes(b"mine")
        self.refused(leecher, str(last))
        self.assertEqual(mine.read_bytes(), b"mine")


class ChangedMeanwhile(Truth):
    def test_a_file_that_is_replaced_while_others_come_is_not_recorded_as_ours(self):
        root, torrent = self.seeded(data.many_files("album"), "--up", "2M")
        out = self.box.subdir("out")
        first = min(path for path, digest in data.tree_digest(root).items() if digest[0] > data.MIB)
        leecher = self.get(torrent, out, "--sequential")
        ours = out / "album" / first
        wait_until(lambda: ours.exists() and ours.read_bytes() == (root / first).read_bytes(), seconds(30), "a file")
        other = out / "other"
        other.write_bytes(os.urandom(ours.stat().st_size))
        os.rename(other, ours)
        time.sleep(0.3)
        leecher.interrupt()
        self.seeder.stop()
        self.seeder = Spate(self.box)
        self.seeder.seed(torrent, root.parent)
        self.get(torrent, out).wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(root, out / "album")


class ChangedWhileHashed(Truth):
    def test_a_path_that_changes_while_the_next_one_is_hashed_is_not_recorded_as_hashed(self):
        folder = self.box.subdir("data")
        (folder / "first").write_bytes(os.urandom(data.MIB))
        with open(folder / "second", "wb") as file:
            file.truncate(3 * 1024 * data.MIB)
        seeder = Spate(self.box)
        seeder.start_command("seed", folder / "first", folder / "second", "--no-tracker")
        wait_until((folder / "first.torrent").exists, seconds(20), "the first to be hashed")
        with open(folder / "first", "r+b") as file:
            file.write(b"\0" * data.KIB)
        self.assertFalse((folder / "second.torrent").exists(), "the second is still being hashed")
        wait_until(lambda: len(list((folder / ".spate").glob("*.resume"))) == 2, seconds(60), "both records")
        seeder.interrupt()
        again = Spate(self.box)
        again.start_command("seed", folder / "first.torrent")
        again.wait_event("ready", 30)
        self.assertIn("pieces", str(again.events("warning")), "only what matches is seeded")


class Locks(Truth):
    def test_two_torrents_with_one_path_are_not_downloaded_into_it_at_once(self):
        root, torrent = self.seeded(data.single("x", 8 * data.MIB))
        again = data.create_here(root, self.box.dir / "again.torrent", 128 * data.KIB)
        out = self.box.subdir("out")
        first = Spate(self.box)
        first.download(torrent, out)  # of no peer: it waits
        first.wait_event("ready", 30)
        second = Spate(self.box)
        second.download(again, out)
        self.refused(second, "another spate")

    def test_three_torrents_seed_one_file_and_keep_a_download_out(self):
        root, torrent = self.seeded(data.single("x", 2 * data.MIB))
        words = [torrent.path]
        for number, piece in enumerate((32, 64)):
            words.append(data.create_here(root, self.box.dir / f"{number}.torrent", piece * data.KIB).path)
        seeds = Spate(self.box)
        seeds.start_command("seed", *words, "--data", root.parent)
        wait_until(lambda: len(seeds.events("ready")) == 3, seconds(30), "all three, beside the fourth")
        with open(root, "r+b") as file:
            file.write(b"\0" * data.KIB)
        self.refused(self.get(torrent, root.parent), "seeding")
