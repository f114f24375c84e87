"""A peer that asks one thing: which pieces have you?"""

import hashlib
import os
import socket
from pathlib import Path

import bencode

_PROTOCOL = b"\x13BitTorrent protocol"
_FAST = bytes((0, 0, 0, 0, 0, 0, 0, 4))
_HAVE, _BITFIELD, _HAVE_ALL, _HAVE_NONE = 4, 5, 14, 15


class Torrent:
    """A .torrent with v1 hashes, and which of its pieces are right in a folder."""

    def __init__(self, path):
        self.info = bencode.decode(Path(path).read_bytes())[b"info"]
        hashes = self.info[b"pieces"]
        self.hashes = [hashes[at:at + 20] for at in range(0, len(hashes), 20)]
        self.name = self.info[b"name"].decode()
        self.info_hash = hashlib.sha1(bencode.encode(self.info)).digest()
        self.piece_bytes = self.info[b"piece length"]

    def __len__(self):
        return len(self.hashes)

    def files(self):
        """(path below the folder, size, is a pad) in order."""
        if b"length" in self.info:
            return [(self.name, self.info[b"length"], False)]
        return [("/".join([self.name, *[part.decode() for part in file[b"path"]]]), file[b"length"],
                 b"p" in file.get(b"attr", b"")) for file in self.info[b"files"]]

    def right_pieces(self, folder):
        """By their hashes; what is missing or short is never right, whatever zeros hash to."""
        content, holes = bytearray(), []
        for path, size, pad in self.files():
            copy = Path(folder) / path
            found = bytes(size) if pad else copy.read_bytes()[:size] if copy.is_file() else b""
            if len(found) < size:
                holes.append((len(content) + len(found), len(content) + size))
            content += found + bytes(size - len(found))
        right = set()
        for piece, expected in enumerate(self.hashes):
            begin, end = piece * self.piece_bytes, min((piece + 1) * self.piece_bytes, len(content))
            whole = all(hole_end <= begin or hole_begin >= end for hole_begin, hole_end in holes)
            if whole and hashlib.sha1(content[begin:end]).digest() == expected:
                right.add(piece)
        return right

    def pieces_of(self, bits):
        return {piece for piece in range(len(self)) if bits[piece // 8] & (0x80 >> piece % 8)}


def ask(address, torrent, timeout_s=20.0):
    """The pieces that the program at `address` says it has."""
    host, port = address.rsplit(":", 1)
    with socket.create_connection((host, int(port)), timeout_s) as line:
        line.sendall(_PROTOCOL + _FAST + torrent.info_hash + b"-XX0000-" + os.urandom(12))
        _receive(line, 68)
        while True:
            length = int.from_bytes(_receive(line, 4), "big")
            body = _receive(line, length)
            if not body:
                continue
            if body[0] == _HAVE_ALL:
                return set(range(len(torrent)))
            if body[0] == _HAVE_NONE:
                return set()
            if body[0] == _BITFIELD:
                return torrent.pieces_of(body[1:])


def _receive(line, count):
    data = b""
    while len(data) < count:
        part = line.recv(count - len(data))
        if not part:
            raise ConnectionError("it hung up")
        data += part
    return data
