"""Disks that take data and lose it: nothing is called complete that isn't on them. Needs loop devices."""

import fcntl
import os
import signal
import struct
import subprocess
import unittest

import data
from clients import Spate, spate
from process import wait_until
from sandbox import seconds
from scenario import Scenario

_EXT4_IOC_SHUTDOWN = 0x8004587D
_WITHOUT_FLUSH = 2
_IMAGE_BYTES = 96 * data.MIB
_BACKING_BYTES = 128 * data.MIB


def _call(*words):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, check=True).stdout.strip()


class Volumes(Scenario):
    """A file system of its own on a loop device, whose image lies in a small tmpfs."""

    def run(self, result=None):
        self.undo = []
        return super().run(result)

    def volume(self):
        self.backing, self.disk = self.box.subdir("backing"), self.box.subdir("disk")
        self.addCleanup(self.give_back)
        try:
            _call("mount", "-t", "tmpfs", "-o", f"size={_BACKING_BYTES}", "none", self.backing)
            self.undo.append(("umount", "-l", self.backing))
            image = self.backing / "image"
            with open(image, "wb") as file:
                file.truncate(_IMAGE_BYTES)
            _call("mkfs.ext4", "-q", "-N", "2000", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
            self.device = _call("losetup", "-f", "--show", image)
            self.undo.append(("losetup", "-d", self.device))
            _call("mount", self.device, self.disk)
            self.undo.append(("umount", "-l", self.disk))
        except (OSError, subprocess.CalledProcessError) as error:
            self.give_back()
            self.skipTest(f"no loop devices here: {error}")

    def give_back(self):
        while self.undo:
            subprocess.run(list(map(str, self.undo.pop())), capture_output=True)

    def seeded(self):
        folder = self.box.subdir("data")
        root = folder / "photos"
        root.mkdir()
        for number in range(200):
            (root / f"{number}.jpg").write_bytes(os.urandom(120_000))
        torrent = data.create_here(root, self.box.dir / "photos.torrent", 16 * data.KIB)
        self.seeder = Spate(self.box)
        self.seeder.seed(torrent, folder)
        return root, torrent

    def fill(self):
        """3 MB are left of what the image will need."""
        os.sync()
        status = os.statvfs(self.backing)
        _call("fallocate", "-l", status.f_bavail * status.f_frsize - 3_000_000, self.backing / "filler")

    def get(self, torrent, *peers):
        leecher = Spate(self.box)
        leecher.download(torrent, self.disk / "out", peers, ["--duration", "25s"])
        return leecher, leecher.process.wait(seconds(40))

    def put_back(self):
        """What is in memory only is gone."""
        _call("umount", self.disk)
        _call("mount", self.device, self.disk)

    def test_what_the_disk_never_took_is_an_error(self):
        try:
            self.volume()
            _, torrent = self.seeded()
            self.fill()
            leecher, code = self.get(torrent, self.seeder.peer)
            self.assertEqual(code, spate.EXIT_FAILURE)
            self.assertEqual([], leecher.events("complete"))
            self.assertIn("disk", str(leecher.events("error")))
        finally:
            self.end()

    def test_what_fails_after_an_interrupt_is_told_and_counts(self):
        """Nothing is written back before the end: the pages are younger than the system's patience with them."""
        try:
            self.volume()
            folder, _, torrent = self.make(data.single("large.bin", 24 * data.MIB))
            self.seeder = Spate(self.box)
            self.seeder.seed(torrent, folder, "--up", "6M")
            self.fill()
            leecher = Spate(self.box)
            leecher.download(torrent, self.disk / "out", [self.seeder.peer], ["--writes", "cached"])
            wait_until(lambda: any(event["done_bytes"] > 8 * data.MIB for event in leecher.events("progress")),
                       seconds(20), "more than there is room for")
            leecher.process.send(signal.SIGINT)
            self.assertEqual(leecher.process.wait(seconds(30)), spate.EXIT_FAILURE)
            self.assertIn("large.bin", str(leecher.events("error")))
        finally:
            self.end()

    def test_what_is_called_complete_outlives_a_volume_that_is_lost_and_comes_back(self):
        try:
            self.volume()
            root, torrent = self.seeded()
            _, code = self.get(torrent, self.seeder.peer)
            self.assertEqual(code, spate.EXIT_OK)
            folder = os.open(self.disk, os.O_RDONLY)
            fcntl.ioctl(folder, _EXT4_IOC_SHUTDOWN, struct.pack("I", _WITHOUT_FLUSH))
            os.close(folder)
            self.put_back()
            self.assert_same(root, self.disk / "out" / "photos")
            self.assertEqual(self.get(torrent)[1], spate.EXIT_OK)
        finally:
            self.end()

    def end(self):
        for client in self.box.clients:
            client.stop()
        self.give_back()


if __name__ == "__main__":
    unittest.main()
