"""Bottlenecks planted in real processes, so strongly that only one answer is right: the summary names them.

Hashing isn't among them: it outweighs the rest only where long pieces come from one peer as fast as they can be
checked, which a busy machine can't promise (tests/engine/driver plants it)."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

import data
import network
from clients import Spate
from sandbox import seconds
from scenario import Scenario
from test_trouble import can_mount

RUN_S = 3
PIECE_BYTES = 256 * data.KIB
_CHOKE, _UNCHOKE, _INTERESTED = b"\0\0\0\1\0", b"\0\0\0\1\1", b"\0\0\0\1\2"


class FakePeer:
    """Says the handshake and `messages`, and from then on nothing, whatever it hears."""

    def __init__(self, torrent, messages):
        self._words = (b"\x13BitTorrent protocol" + bytes(8) + bytes.fromhex(torrent.info_hash) +
                       os.urandom(20) + messages)
        self._listener = socket.create_server((network.BASE_IP, 0))
        self.address = f"{network.BASE_IP}:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.sendall(self._words)
                threading.Thread(target=self._listen, args=[connection], daemon=True).start()

    def _listen(self, connection):
        with contextlib.suppress(OSError), connection:
            while connection.recv(65536):
                pass

    def abandon(self):
        self._listener.close()


def bitfield(torrent):
    """Of a peer that has everything."""
    pieces = -(-torrent.total_bytes // PIECE_BYTES)
    bits = ((1 << pieces) - 1) << (-pieces % 8)
    body = b"\5" + bits.to_bytes(-(-pieces // 8), "big")
    return len(body).to_bytes(4, "big") + body


class SlowDisk:
    """A cgroup whose processes write `bytes_per_s` to a device and no more (blkio of version 1, io of version 2)."""

    V1, V2 = Path("/sys/fs/cgroup/blkio"), Path("/sys/fs/cgroup")

    def __init__(self, device=None, bytes_per_s=0):
        first = self.V1.is_dir()
        self.group = (self.V1 if first else self.V2) / f"spate-test-{os.getpid()}"
        self.group.mkdir()
        try:
            limit = self.group / ("blkio.throttle.write_bps_device" if first else "io.max")
            if device is None:  # a probe
                limit.stat()
                return
            number = f"{os.major(device)}:{os.minor(device)}"
            limit.write_text(f"{number} {bytes_per_s}" if first else f"{number} wbps={bytes_per_s}")
        except OSError:
            self.remove()
            raise

    def remove(self):
        self.group.rmdir()

    def prefix(self):
        """Words in front of a command that put it there."""
        return ["sh", "-c", f'echo $$ >{self.group}/cgroup.procs && exec "$@"', "sh"]

    @classmethod
    def possible(cls):
        """Root, a cgroup that can throttle, and a loop device."""
        if os.geteuid() != 0 or not can_mount() or not all(map(shutil.which, ("mkfs.ext4", "losetup"))):
            return False
        free = subprocess.run(["losetup", "-f"], capture_output=True, text=True)
        if free.returncode != 0 or not os.path.exists(free.stdout.strip()):
            return False
        try:
            cls().remove()
        except OSError:
            return False
        return True


class PlantedBottlenecks(Scenario):
    def test_seeds_that_choke_us(self):
        torrent = self.torrent()
        peer = self.peer(torrent, bitfield(torrent))
        self.assert_verdict(self.get(torrent, peer.address), "choking")

    def test_seeds_that_unchoke_us_and_send_nothing(self):
        torrent = self.torrent()
        peer = self.peer(torrent, bitfield(torrent) + _UNCHOKE)
        self.assert_verdict(self.get(torrent, peer.address), "peers")

    def test_leechers_for_whom_there_is_no_slot(self):
        self.assert_verdict(self.seed_to(_INTERESTED, "--upload-slots", 0), "choking")

    def test_leechers_that_ask_for_nothing(self):
        self.assert_verdict(self.seed_to(_INTERESTED), "peers")

    def test_a_limit_of_our_own(self):
        torrent = self.torrent()
        self.assert_verdict(self.get(torrent, self.source.peer, "--down", "64K"), "rate_limit")

    @unittest.skipUnless(os.path.exists("/proc/self/schedstat"), "this kernel doesn't say who waits for a CPU")
    def test_a_cpu_that_others_have(self):
        """Three that spin beside it leave a nice process a hundredth."""
        torrent = self.torrent()
        cpu = min(os.sched_getaffinity(0))
        spin = [sys.executable, "-c", "while True: pass"]
        busy = [self.box.start("spin", spin, self.box.subdir("spin"), core=cpu) for _ in range(3)]
        leecher = Spate(self.box, core=cpu)
        leecher.prefix = ["nice", "-n", "15"]
        leecher.download(torrent, self.box.subdir("out"), [self.source.peer])
        leecher.wait_complete(seconds(90))
        for process in busy:
            process.stop()
        self.assert_verdict(leecher, "core", "other programs had its CPU")

    @unittest.skipUnless(SlowDisk.possible(), "no disk can be mounted and slowed down here")
    def test_a_disk_that_takes_little(self):
        torrent = self.torrent()
        image = self.box.dir / "image"
        image.touch()
        os.truncate(image, 256 * data.MIB)
        subprocess.run(["mkfs.ext4", "-q", image], check=True, capture_output=True)
        with self.mounted("-o", "loop", image) as folder:
            disk = SlowDisk(os.stat(folder).st_dev, 4 * data.MIB)
            self.addCleanup(disk.remove)
            leecher = Spate(self.box)
            leecher.prefix = disk.prefix()
            leecher.download(torrent, folder, [self.source.peer])
            leecher.wait_complete(seconds(60))
            self.assert_verdict(leecher, "disk")

    def torrent(self):
        """Of 24 MiB, and `self.source`, who seeds it."""
        folder, _, torrent = self.make(data.single(piece_bytes=PIECE_BYTES))
        self.folder, self.source = folder, Spate(self.box)
        self.source.seed(torrent, folder)
        return torrent

    def peer(self, torrent, messages):
        peer = FakePeer(torrent, messages)
        self.addCleanup(peer.abandon)
        return peer

    def get(self, torrent, address, *options):
        """A `get` from that address alone, ended by its --duration."""
        leecher = Spate(self.box)
        leecher.download(torrent, self.box.subdir("out"), [address], ["--duration", f"{RUN_S}s", *options])
        leecher.process.wait(seconds(30))
        return leecher

    def seed_to(self, messages, *options):
        """A seed that calls a peer who says `messages`, ended by its --duration."""
        folder, _, torrent = self.make(data.single(piece_bytes=PIECE_BYTES))
        seeder = Spate(self.box)
        seeder.seed(torrent, folder, "--peer", self.peer(torrent, messages).address, "--duration", f"{RUN_S}s",
                    *options)
        seeder.process.wait(seconds(30))
        return seeder

    @contextlib.contextmanager
    def mounted(self, *words):
        """A folder with that mount; whatever uses it is ended before it goes."""
        folder = self.box.subdir("mounted")
        subprocess.run(["mount", *words, folder], check=True, capture_output=True)
        try:
            yield folder
        finally:
            for client in self.box.clients:
                client.stop()
            subprocess.run(["umount", folder], check=True)

    def assert_verdict(self, client, bottleneck, words=""):
        verdict = client.summary()["verdict"]
        self.assertEqual(verdict["bottleneck"], bottleneck, verdict)
        self.assertIn(words, verdict["sentence"])
