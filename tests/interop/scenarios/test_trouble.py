"""Disks that fill, files that vanish, folders that refuse: a sentence names the file, and all torrents that can go on do."""

import os
import subprocess
import tempfile
import time
import unittest

import data
import network
from clients import Libtorrent, Spate, spate
from sandbox import seconds
from scenario import TRANSFER_TIMEOUT_S, Scenario

_TMPFS_BYTES = 8 * data.MIB


def can_mount():
    """True inside a mount namespace of our own."""
    with tempfile.TemporaryDirectory() as folder:
        probe = subprocess.run(["mount", "-t", "tmpfs", "none", folder], capture_output=True)
        if probe.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return probe.returncode == 0


class DamagedSeeds(Scenario):
    """Two torrents are seeded; one loses its file. Nothing false is served, a warning names the file."""

    def test_a_truncated_file_is_told_of_and_what_is_left_is_given(self):
        self.damage(lambda path: os.truncate(path, 5 * data.MIB), "hurt.bin")

    def test_a_deleted_file_is_told_of_and_others_are_given(self):
        self.damage(os.unlink, "hurt.bin")

    def test_an_overwritten_file_is_never_stored_by_the_peer(self):
        """spate cannot know before a peer's hash check fails; that peer must not accept a byte of it."""
        folder, root, torrent = self.make(data.single("hurt.bin", 8 * data.MIB))
        seeder = Spate(self.box)
        seeder.seed(torrent, folder)
        with open(root, "r+b") as file:
            file.seek(3 * data.MIB)
            file.write(b"\xff" * data.MIB)
        leecher, out = Spate(self.box), self.box.subdir("out")
        leecher.download(torrent, out, [seeder.peer])
        with self.assertRaises(TimeoutError):
            leecher.wait_complete(3)
        leecher.stop()
        bad = spate.run("verify", torrent.path, out, "--json")[1][0]["bad_pieces"]
        self.assertTrue(set(range(12, 16)) <= set(bad))

    def damage(self, hurt, name):
        folder, root, torrent = self.make(data.single(name, 48 * data.MIB))
        other_folder, other_root, other = self.make(data.single("healthy.bin", 8 * data.MIB))
        seeder = Spate(self.box, cores=2)
        seeder.start_command("seed", torrent.path, other.path, "--data", self.together(root, other_root))
        for wanted in (torrent, other):
            seeder.wait_event("ready", 30, lambda event: event["info_hash"] == wanted.info_hash)
        victim = Libtorrent(self.box)
        hurt(self.data / name)
        victim.download(torrent, self.box.subdir("out"), [seeder.peer])
        seeder.wait_event("warning", 30, lambda event: name in f"{event.get('what')} {event['message']}")
        self.fetch_healthy(seeder, other, other_root)
        with self.assertRaises(TimeoutError, msg="a damaged torrent cannot complete"):
            victim.wait_complete(1)
        self.assertIsNone(seeder.process.poll(), "the seed goes on")
        self.assertEqual(seeder.events("error"), [])

    def together(self, *roots):
        """One data folder that holds all roots (hard links, so the damage is done there)."""
        self.data = self.box.subdir("together")
        for root in roots:
            os.link(root, self.data / root.name)
        return self.data

    def fetch_healthy(self, seeder, torrent, root):
        leecher, out = Spate(self.box), self.box.subdir("out")
        leecher.download(torrent, out, [seeder.peer])
        leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(root, out / root.name)


class HostileDisks(Scenario):
    @unittest.skipUnless(can_mount(), "no mount namespace in this container")
    def test_a_full_disk_is_one_sentence_and_waited_for(self):
        out = self.box.subdir("tiny")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={_TMPFS_BYTES}", "none", out], check=True)
        try:
            _, leecher = self.get_too_much(out)
            leecher.wait_event("warning", 30, lambda event: "No space" in event["message"])
            time.sleep(8)  # it is tried again meanwhile
            self.assertEqual(len(leecher.events("warning")), 1)
            self.assertIn("too-big.bin", str(leecher.events("warning")))
            self.assertEqual(leecher.interrupt(), spate.EXIT_INTERRUPTED)
            self.assertEqual(leecher.events("error"), [])
        finally:
            for client in self.box.clients:
                client.stop()
            subprocess.run(["umount", out], check=True)

    @unittest.skipUnless(network.has_other_users(), "only root can become somebody else")
    def test_a_folder_without_permission_is_one_sentence_and_exit_1(self):
        out = self.box.subdir("locked")
        out.chmod(0o555)
        seeder, leecher = self.get_too_much(out, as_nobody=True)
        self.assertEqual(leecher.process.wait(seconds(30)), spate.EXIT_FAILURE)
        self.assertRegex(str(leecher.events("error")), "(?i)permission denied")
        self.assertIn("too-big.bin", str(leecher.events("error")))
        self.assertIsNone(seeder.process.poll(), "the seed goes on")

    def get_too_much(self, out, as_nobody=False):
        """A seed, and a `get` from it into `out`, which can't take it."""
        folder, _, torrent = self.make(data.single("too-big.bin", 32 * data.MIB))
        seeder = Spate(self.box)
        seeder.seed(torrent, folder)
        leecher = Spate(self.box)
        if as_nobody:
            leecher.run_as(network.NOBODY)
        leecher.download(torrent, out, [seeder.peer])
        return seeder, leecher


class TwoDownloads(Scenario):
    def test_the_second_of_the_same_torrent_into_one_folder_is_refused(self):
        folder, root, torrent = self.make(data.single("shared.bin", 32 * data.MIB))
        seeder, first, second = (Spate(self.box) for _ in range(3))
        seeder.seed(torrent, folder)
        out = self.box.subdir("out")
        first.download(torrent, out)  # of no peer: it waits
        first.wait_event("ready", 30)
        second.download(torrent, out, [seeder.peer])
        self.assertEqual(second.process.wait(seconds(30)), spate.EXIT_FAILURE)
        self.assertIn("another spate", str(second.events("error")))
        first.interrupt()
        third = Spate(self.box)
        third.download(torrent, out, [seeder.peer])
        third.wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(root, out / root.name)
