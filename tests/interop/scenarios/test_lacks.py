"""What lacks for a while (descriptors, room on the disk, one file) holds up what needs it, and ends nothing."""

import os
import socket
import struct
import subprocess
import time

import data
from clients import Libtorrent, Spate
from sandbox import seconds
from scenario import TRANSFER_TIMEOUT_S, Scenario


class Descriptors(Scenario):
    def test_silent_connections_do_not_stop_a_torrent_for_want_of_descriptors(self):
        """A limit of 1,024 and two cores: what one host opens must leave some for files and other peers."""
        folder, root, torrent = self.make(data.single("few.bin", 8 * data.MIB))
        seeder = Spate(self.box, cores=2)
        seeder.prefix = ["prlimit", "--nofile=1024:1024"]
        seeder.seed(torrent, folder, "--max-peers", 5000)
        held = self.open_many(seeder, 1100)
        leecher, out = Libtorrent(self.box), self.box.subdir("out")
        leecher.download(torrent, out, [seeder.peer])
        time.sleep(1)
        for connection in held:
            connection.close()
        leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(root, out / root.name)
        self.assertEqual(seeder.events("error"), [])

    def open_many(self, client, count):
        held = []
        for _ in range(count):
            connection = socket.socket()
            connection.settimeout(2)
            try:
                connection.connect((client.ip, client.port))
            except OSError:
                break
            held.append(connection)
        return held

    def test_without_a_descriptor_a_request_waits_and_is_answered_when_there_is_one(self):
        """The limit falls below what is open already, so that the file that is asked for can't be opened."""
        folder, root, torrent = self.make(data.single("none.bin", 8 * data.MIB))
        seeder = Spate(self.box)
        seeder.seed(torrent, folder)
        peer = RawPeer(seeder, torrent)
        peer.wait(RawPeer.UNCHOKE)
        self.limit_descriptors(seeder, 8)
        peer.request(3, 0, 16384)
        seeder.wait_event("warning", 10, lambda event: "none.bin" in event["message"])
        self.limit_descriptors(seeder, 4096)
        self.assertEqual(peer.wait(RawPeer.PIECE)[8:], self.part(root, 3, torrent, 16384))
        self.assertEqual(seeder.events("error"), [])
        self.assertEqual(len(seeder.events("warning")), 1)

    @staticmethod
    def limit_descriptors(client, count):
        subprocess.run(["prlimit", "--pid", str(client.process.pid), f"--nofile={count}:4096"], check=True)

    @staticmethod
    def part(root, piece, torrent, length):
        with open(root, "rb") as file:
            file.seek(piece * torrent.piece_bytes)
            return file.read(length)


class RawPeer:
    """A leecher by hand, with the Fast extension: connected, interested."""

    UNCHOKE, PIECE, REJECT, HAVE, EXTENDED = 1, 7, 16, 4, 20
    DONT_HAVE = 7  # our number for lt_donthave

    def __init__(self, client, torrent, extensions=True):
        self.socket = socket.create_connection((client.ip, client.port), timeout=seconds(20))
        reserved = bytes([0, 0, 0, 0, 0, 0x10 if extensions else 0, 0, 4])
        self.socket.sendall(b"\x13BitTorrent protocol" + reserved + bytes.fromhex(torrent.info_hash) +
                            b"-XX0001-" + os.urandom(12))
        self.seen = []
        self._bytes = b""
        self._take(68)
        if extensions:
            self.say(self.EXTENDED, b"\0d1:md11:lt_donthavei%deee" % self.DONT_HAVE)
        self.say(15)  # HAVE NONE
        self.say(2)  # INTERESTED

    def say(self, number, body=b""):
        self.socket.sendall(struct.pack(">IB", len(body) + 1, number) + body)

    def request(self, piece, offset, length):
        self.say(6, struct.pack(">III", piece, offset, length))

    def wait(self, *numbers, accept=lambda body: True):
        """The body of the next message with one of these numbers; all messages are kept in `seen`."""
        while True:
            length = struct.unpack(">I", self._take(4))[0]
            if length == 0:
                continue
            message = self._take(length)
            self.seen.append((message[0], message[1:]))
            if message[0] in numbers and accept(message[1:]):
                return message[1:]

    def _take(self, count):
        while len(self._bytes) < count:
            more = self.socket.recv(65536)
            if not more:
                raise EOFError("the connection was closed")
            self._bytes += more
        taken, self._bytes = self._bytes[:count], self._bytes[count:]
        return taken
