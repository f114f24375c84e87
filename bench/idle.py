#!/usr/bin/env python3
"""What idle peers and idle torrents cost: bench/idle.py SPATE-BINARY [--peers N] [--torrents N] [--pieces N].

Seeds one torrent, lets N peers connect from as many loopback addresses, which then say nothing, and reads the
seed's memory and CPU time before and after; then the same with N torrents without peers. The seed's own memory
is counted, the kernel's sockets aren't. Exits with 1 when a figure is above its limit.
"""

import argparse
import hashlib
import json
import os
import pathlib
import resource
import socket
import subprocess
import sys
import tempfile
import time

MEMORY_LIMIT_BYTES = 4096  # of a peer or a torrent
CPU_LIMIT_PERCENT = 1.0    # of one core
PIECE_BYTES = 16 * 1024
SETTLE_S = 3
WATCH_S = 15
READY_S = 300


def main():
    arguments = parse_arguments()
    descriptors = max(arguments.peers, arguments.torrents) + 4096
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    with tempfile.TemporaryDirectory(prefix="spate-idle-", dir=arguments.dir) as folder:
        rows = [measure_peers(arguments, pathlib.Path(folder), what) for what in PEERS]
        rows.append(measure_torrents(arguments, pathlib.Path(folder)))
    print(f"{'':<42}{'bytes each':>12}{'CPU %':>8}")
    for name, each_bytes, cpu_percent in rows:
        print(f"{name:<42}{each_bytes:>12.0f}{cpu_percent:>8.2f}")
    return int(any(row[1] > MEMORY_LIMIT_BYTES or row[2] > CPU_LIMIT_PERCENT for row in rows))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("spate", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--peers", type=int, default=10_000)
    parser.add_argument("--torrents", type=int, default=10_000)
    parser.add_argument("--pieces", type=int, default=100_000, help="of the torrent that the peers are in")
    parser.add_argument("--dir", default="/var/tmp", help="where the data's (sparse) files go for a while")
    return parser.parse_args()


# What the peers say that they have: a message of BEP 6.
PEERS = {"nothing": b"\x00\x00\x00\x01\x0f"}


def measure_peers(arguments, folder, what):
    torrent = make_torrent(folder, "peers", arguments.pieces)
    with Seed(arguments.spate, folder, [torrent.path], arguments.peers) as seed:
        before_bytes = seed.memory_bytes()
        peers = [call(seed.port, number, torrent.info_hash, PEERS[what]) for number in range(arguments.peers)]
        time.sleep(SETTLE_S)
        cpu_percent = seed.cpu_percent(WATCH_S)
        each_bytes = (seed.memory_bytes() - before_bytes) / len(peers)
        lost = sum(is_closed(peer) for peer in peers)
        for peer in peers:
            peer.close()
    if lost:
        raise SystemExit(f"the seed closed {lost} of {len(peers)} connections")
    return f"{len(peers)} peers, each has {what}", each_bytes, cpu_percent


def measure_torrents(arguments, folder):
    few = [make_torrent(folder, f"few{number}", 1) for number in range(10)]
    with Seed(arguments.spate, folder, [torrent.path for torrent in few], 0) as seed:
        time.sleep(SETTLE_S)
        before_bytes = seed.memory_bytes()
    many = [make_torrent(folder, f"many{number}", 1) for number in range(arguments.torrents)]
    with Seed(arguments.spate, folder, [torrent.path for torrent in many], 0) as seed:
        time.sleep(SETTLE_S)
        cpu_percent = seed.cpu_percent(WATCH_S)
        each_bytes = (seed.memory_bytes() - before_bytes) / (len(many) - len(few))
    return f"{len(many)} torrents without peers", each_bytes, cpu_percent


class Torrent:
    """A .torrent of a file of zeros."""

    def __init__(self, path, info):
        self.path, self.info_hash = path, hashlib.sha1(info).digest()


def make_torrent(folder, name, pieces):
    zeros = hashlib.sha1(bytes(PIECE_BYTES)).digest()
    info = (f"d6:lengthi{pieces * PIECE_BYTES}e4:name{len(name)}:{name}12:piece lengthi{PIECE_BYTES}e"
            f"6:pieces{20 * pieces}:").encode() + zeros * pieces + b"e"
    path = folder / f"{name}.torrent"
    path.write_bytes(b"d4:info" + info + b"e")
    with open(folder / name, "wb") as data:
        data.truncate(pieces * PIECE_BYTES)
    return Torrent(path, info)


class Seed:
    """A running `spate seed` on one core."""

    def __init__(self, spate, folder, torrents, peers):
        command = [str(spate), "seed", *map(str, torrents), "--json", "--no-tracker", "--sandbox-loopback",
                   "--listen", "127.0.0.1:0", "--cores", "1", "--max-peers", str(max(peers, 10)), "--duration", "1h"]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder,
                                         text=True)
        self._ready = 0
        self._expected = len(torrents)

    def __enter__(self):
        deadline = time.monotonic() + READY_S
        for line in self._process.stdout:
            event = json.loads(line)
            if event.get("event") == "ready":
                self.port = int(event["listen"][0].rsplit(":", 1)[1])
                self._ready += 1
            if self._ready == self._expected or time.monotonic() > deadline:
                break
        if self._ready != self._expected:
            self.__exit__()
            raise SystemExit("the seed did not get ready")
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._process.stdout.close()

    def memory_bytes(self):
        """Its own pages, without those of files."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssAnon"))

    def cpu_percent(self, seconds):
        before, started = self._cpu_s(), time.monotonic()
        time.sleep(seconds)
        return 100 * (self._cpu_s() - before) / (time.monotonic() - started)

    def _cpu_s(self):
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def call(port, number, info_hash, message):
    """A peer from an address of its own that has shaken hands."""
    fast_extension = b"\x00\x00\x00\x00\x00\x00\x00\x04"
    peer_id = b"-ID0000-" + f"{number:012}".encode()
    peer = socket.socket()
    peer.bind((f"127.1.{number // 250}.{number % 250 + 1}", 0))
    peer.connect(("127.0.0.1", port))
    peer.sendall(b"\x13BitTorrent protocol" + fast_extension + info_hash + peer_id + message)
    return peer


def is_closed(peer):
    """Reads what the seed said; at the end of the stream it has hung up."""
    peer.setblocking(False)
    try:
        while data := peer.recv(65536):
            del data
        return True
    except BlockingIOError:
        return False
    except ConnectionError:
        return True


if __name__ == "__main__":
    sys.exit(main())
