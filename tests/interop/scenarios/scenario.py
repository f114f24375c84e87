"""What scenarios share: a sandbox a test, a transfer between two clients, and the comparison of trees."""

import contextlib
import dataclasses
import unittest
from pathlib import Path

import data
from clients import OpenTracker, SpateTracker
from clients.base import Client
from sandbox import Sandbox, seconds

TRANSFER_TIMEOUT_S = 50


class Scenario(unittest.TestCase):
    """Each test gets a fresh `self.box`, left (and its processes ended) whatever happens."""

    def run(self, result=None):
        test = getattr(self, self._testMethodName)

        def in_sandbox():
            with Sandbox(self._testMethodName.removeprefix("test_")) as self.box:
                test()

        setattr(self, self._testMethodName, in_sandbox)
        return super().run(result)

    def make(self, data_set, trackers=(), private=False):
        """Writes the data set; returns (its folder, its tree's root, its Torrent made by the oracle)."""
        folder = self.box.subdir("data")
        root = data_set.make(folder)
        torrent = data.create_here(root, self.box.dir / f"{folder.name}.torrent", data_set.piece_bytes,
                                   trackers, private)
        return folder, root, torrent

    def open_tracker(self):
        """A running OpenTracker."""
        tracker = OpenTracker(self.box)
        tracker.run()
        return tracker

    def spate_tracker(self, ip=None):
        """A running `spate tracker`."""
        tracker = SpateTracker(self.box, ip)
        tracker.run()
        return tracker

    def transfer(self, seeder, leecher, data_set, tracker, url=None):
        """One seed, one leecher, one tracker; asserts that the copy is identical. Returns the Torrent."""
        return self.begin_transfer(seeder, leecher, data_set, tracker, url).finish()

    def begin_transfer(self, seeder, leecher, data_set, tracker, url=None):
        """The same, to be finished later: several can run side by side while slow clients choke."""
        folder, root, torrent = self.make(data_set, [url or tracker.http_url])
        tracker.allow(torrent.info_hash)
        with noting(f"{seeder.NAME} to {leecher.NAME}: {data_set.name}"):
            seeder.seed(torrent, folder)
            out = self.box.subdir("out")
            leecher.download(torrent, out)
        return Transfer(self, seeder, leecher, torrent, root, out / root.name)

    def assert_same(self, original, copy, empty_files=True):
        """Same paths, sizes and bytes."""
        wanted, found = data.tree_digest(original), data.tree_digest(copy)
        if not empty_files:
            wanted = {path: digest for path, digest in wanted.items() if digest[0]}
        self.assertEqual(sorted(wanted), sorted(found))
        for path, digest in wanted.items():
            self.assertEqual(digest, found[path], f"{path} differs")


@dataclasses.dataclass
class Transfer:
    """A transfer under way."""

    scenario: Scenario
    seeder: Client
    leecher: Client
    torrent: data.Torrent
    original: Path
    copy: Path

    def finish(self):
        """Waits for the end and compares; returns the Torrent."""
        with noting(f"{self.seeder.NAME} to {self.leecher.NAME}: {self.original.name}"):
            self.leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
            self.leecher.stop()
            self.scenario.assert_same(self.original, self.copy, self.leecher.CREATES_EMPTY_FILES)
        return self.torrent


@contextlib.contextmanager
def noting(what):
    """A failure inside says which of several transfers it was (unlike subTest it ends the test, so logs are kept)."""
    try:
        yield
    except Exception as error:
        error.add_note(f"in: {what}")
        raise
