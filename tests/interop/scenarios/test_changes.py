"""Files that others change while they are seeded or got: no torrent ends, no false byte is offered, what matches is given."""

import contextlib
import os
import subprocess
import time
import unittest

import data
from clients import Spate
from process import wait_until
from sandbox import seconds
from scenario import TRANSFER_TIMEOUT_S, Scenario
from test_lacks import RawPeer
from test_trouble import can_mount

_PIECE_BYTES = 256 * data.KIB
_NOTICED_S = 10  # a look a second, a pause, and the check


class Changes(Scenario):
    def seeded(self, size_bytes=8 * data.MIB):
        self.folder, self.root, self.torrent = self.make(data.single("film.bin", size_bytes))
        self.seeder = Spate(self.box, cores=2)
        self.seeder.seed(self.torrent, self.folder)

    def serve(self, peer, piece):
        """True when the piece's first block is given, and as the torrent says; False when it is refused."""
        peer.request(piece, 0, 16 * data.KIB)
        peer.wait(RawPeer.PIECE, RawPeer.REJECT)
        number, body = peer.seen[-1]
        if number == RawPeer.PIECE:
            self.assertEqual(body[8:], self.original[piece * _PIECE_BYTES:][:16 * data.KIB])
        return number == RawPeer.PIECE

    def begin(self, **options):
        """A peer that has got a block, so that the file is open."""
        self.seeded(**options)
        self.original = self.root.read_bytes()
        peer = RawPeer(self.seeder, self.torrent)
        peer.wait(RawPeer.UNCHOKE)
        self.assertTrue(self.serve(peer, 0))
        time.sleep(1.2)
        return peer

    def said(self, words):
        self.seeder.wait_event("warning", _NOTICED_S, lambda event: words in event["message"])

    def lost(self, peer):
        """The pieces that the peer was told not to have any more."""
        told = [body[1:] for number, body in peer.seen if number == RawPeer.EXTENDED and body[0] == RawPeer.DONT_HAVE]
        return {int.from_bytes(body, "big") for body in told}

    def is_offered(self, peer, piece):
        """Waits until the peer is told of it, or was."""
        if piece not in self.have(peer):
            peer.wait(RawPeer.HAVE, accept=lambda body: int.from_bytes(body, "big") == piece)
        self.assertTrue(self.serve(peer, piece))

    def have(self, peer):
        return {int.from_bytes(body, "big") for number, body in peer.seen if number == RawPeer.HAVE}

    def gets_all(self):
        leecher, out = Spate(self.box), self.box.subdir("out")
        leecher.download(self.torrent, out, [self.seeder.peer])
        leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assertEqual((out / "film.bin").read_bytes(), self.original)

    def assert_goes_on(self):
        self.assertIsNone(self.seeder.process.poll(), "the seed goes on")
        self.assertEqual(self.seeder.events("error"), [])


class WhileSeeded(Changes):
    def test_a_file_that_is_touched_is_given_again_after_a_check(self):
        peer = self.begin()
        os.utime(self.root)
        self.assertFalse(self.serve(peer, 3))
        self.is_offered(peer, 31)
        self.assertEqual(self.lost(peer), set(range(32)))
        self.gets_all()
        self.assert_goes_on()

    def test_pieces_that_are_overwritten_are_gone_and_the_others_are_given(self):
        peer = self.begin()
        with open(self.root, "r+b") as file:
            file.seek(12 * _PIECE_BYTES)
            file.write(b"\xff" * 4 * _PIECE_BYTES)
        self.assertFalse(self.serve(peer, 3))
        self.said("4 of 32 pieces")
        self.is_offered(peer, 31)
        self.assertEqual({piece for piece in range(32) if not self.serve(peer, piece)}, set(range(12, 16)))
        self.assertEqual(self.have(peer), set(range(32)) - set(range(12, 16)))
        self.assert_goes_on()

    def test_a_file_that_is_cut_is_given_again_when_it_is_whole(self):
        """What is left is given meanwhile; the rest is looked for now and then."""
        peer = self.begin()
        os.truncate(self.root, 4 * data.MIB)
        self.assertFalse(self.serve(peer, 3))
        self.said("16 of 32 pieces")
        self.is_offered(peer, 3)
        self.assertFalse(self.serve(peer, 20))
        self.root.write_bytes(self.original)
        wait_until(lambda: self.serve(peer, 20), seconds(45), "it to be found whole")
        self.gets_all()
        self.assert_goes_on()

    def test_a_file_that_another_takes_the_place_of_is_checked_by_its_name(self):
        peer = self.begin()
        other = self.folder / "other"
        other.write_bytes(self.original[:4 * data.MIB] + bytes(4 * data.MIB))
        os.rename(other, self.root)
        self.assertFalse(self.serve(peer, 3))
        self.said("16 of 32 pieces")
        self.is_offered(peer, 3)
        self.assertFalse(self.serve(peer, 20))
        self.assert_goes_on()

    def test_a_peer_that_cannot_be_told_is_hung_up_on(self):
        self.begin()
        deaf = RawPeer(self.seeder, self.torrent, extensions=False)
        deaf.wait(RawPeer.UNCHOKE)
        os.utime(self.root)
        with self.assertRaises((EOFError, ConnectionError)):
            for _ in range(20):
                self.serve(deaf, 3)
                time.sleep(0.3)
        self.assert_goes_on()


class FullDisks(Changes):
    @unittest.skipUnless(can_mount(), "no mount namespace in this container")
    def test_a_download_waits_for_room_and_goes_on(self):
        with self.small_disk(12 * data.MIB) as disk:
            (disk / "filler").write_bytes(bytes(8 * data.MIB))
            self.seeded()
            self.original = self.root.read_bytes()
            leecher = Spate(self.box)
            leecher.download(self.torrent, disk / "out", [self.seeder.peer], ["--allocate", "sparse"])
            leecher.wait_event("warning", 20, lambda event: "waits" in event["message"])
            (disk / "filler").unlink()
            leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
            self.assertEqual((disk / "out" / "film.bin").read_bytes(), self.original)
            self.assertEqual(leecher.events("error"), [])
            self.assertEqual(len(leecher.events("warning")), 1, "it is said once")

    @contextlib.contextmanager
    def small_disk(self, size_bytes):
        disk = self.box.subdir("disk")
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "none", disk], check=True)
        try:
            yield disk
        finally:
            for client in self.box.clients:
                client.stop()
            subprocess.run(["umount", disk], check=True)


if __name__ == "__main__":
    unittest.main()
