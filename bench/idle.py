#!/usr/bin/env python3
"""What idle peers and idle torrents cost: bench/idle.py SPATE-BINARY [--peers N] [--torrents N] [--pieces N].

Seeds one torrent, lets N peers connect from as many loopback addresses, which then say nothing, and reads the
seed's memory and CPU time before and after; then the same with N torrents without peers: without a tracker, and
announcing to a `spate tracker`, each in a first start, which hashes their data and writes resume records, and in a
second one, which trusts these. The seed's own memory is counted, the kernel's sockets aren't. Exits with 1 when a
figure is above its limit.
"""

import argparse
import hashlib
import json
import os
import pathlib
import re
import resource
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse

MEMORY_LIMIT_BYTES = 4096  # of a peer or a torrent
CPU_LIMIT_PERCENT = 1.0    # of one core
PIECE_BYTES = 16 * 1024
SETTLE_S = 3
WATCH_S = 30
READY_S = 300
RECORDED_S = 120
ANNOUNCED_S = 120


def main():
    arguments = parse_arguments()
    # The seed raises its own soft limit to the hard one.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard != resource.RLIM_INFINITY and hard < arguments.peers + 1024:
        raise SystemExit(f"{arguments.peers} peers need a limit of {arguments.peers + 1024} open files (ulimit -Hn)")
    with tempfile.TemporaryDirectory(prefix="spate-idle-", dir=arguments.dir) as folder:
        rows = [measure_peers(arguments, pathlib.Path(folder), what) for what in PEERS]
        rows += measure_torrents(arguments, pathlib.Path(folder))
    print(f"{'':<42}{'bytes each':>12}{'limit':>7}{'CPU %':>8}{'limit':>7}{'ready s':>10}{'start CPU s':>13}")
    for row in rows:
        print(f"{row.name:<42}{row.each_bytes:>12.0f}{MEMORY_LIMIT_BYTES:>7}{row.cpu_percent:>8.2f}"
              f"{CPU_LIMIT_PERCENT:>7.2f}{row.ready_s:>10.1f}{row.start_cpu_s:>13.1f}")
    if arguments.json:
        pathlib.Path(arguments.json).write_text(json.dumps([vars(row) for row in rows], indent=1) + "\n",
                                                encoding="ascii")
    return int(any(row.each_bytes > MEMORY_LIMIT_BYTES or row.cpu_percent > CPU_LIMIT_PERCENT for row in rows))


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("spate", type=lambda path: pathlib.Path(path).resolve())
    parser.add_argument("--peers", type=int, default=10_000)
    parser.add_argument("--torrents", type=int, default=10_000)
    parser.add_argument("--pieces", type=int, default=100_000, help="of the torrent that the peers are in")
    parser.add_argument("--json", help="write the figures")
    parser.add_argument("--dir", default="/var/tmp", help="where the data's (sparse) files go for a while")
    return parser.parse_args()


class Row:
    """What one run cost: memory of each, CPU at rest, the time and CPU time until all were ready."""

    def __init__(self, name, seed, each_bytes, cpu_percent):
        self.name, self.each_bytes, self.cpu_percent = name, each_bytes, cpu_percent
        self.ready_s, self.start_cpu_s = seed.ready_s, seed.start_cpu_s


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
    return Row(f"{len(peers)} peers, each has {what}", seed, each_bytes, cpu_percent)


def measure_torrents(arguments, folder):
    with Tracker(arguments.spate) as tracker:
        few = [make_torrent(folder, f"few{number}", 1, tracker.url) for number in range(10)]
        with Seed(arguments.spate, folder, [torrent.path for torrent in few], 0) as seed:
            time.sleep(SETTLE_S)
            before_bytes = seed.memory_bytes()
        for case, url in (("no tracker", None), ("tracker", tracker.url)):
            many = [make_torrent(folder, f"{case[:2]}{number}", 1, url) for number in range(arguments.torrents)]
            for what in ("first start", "second start"):
                with Seed(arguments.spate, folder, [torrent.path for torrent in many], 0) as seed:
                    wait_until(lambda: all(record_of(folder, torrent).exists() for torrent in many), RECORDED_S,
                               "all resume records")
                    if url:
                        wait_until(lambda: tracker.seeds(many[-1]) > 0, ANNOUNCED_S,
                                   "the last torrent to be announced")
                    time.sleep(SETTLE_S)
                    cpu_percent = seed.cpu_percent(WATCH_S)
                    each_bytes = (seed.memory_bytes() - before_bytes) / (len(many) - len(few))
                    yield Row(f"{len(many)} torrents, {case}, {what}", seed, each_bytes, cpu_percent)


def record_of(folder, torrent):
    return folder / ".spate" / f"{torrent.info_hash.hex()}.resume"


def wait_until(probe, timeout_s, what):
    deadline = time.monotonic() + timeout_s
    while not probe():
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {timeout_s} s for {what}")
        time.sleep(0.5)


class Torrent:
    """A .torrent of a file of zeros."""

    def __init__(self, path, info):
        self.path, self.info_hash = path, hashlib.sha1(info).digest()


def make_torrent(folder, name, pieces, tracker=None):
    zeros = hashlib.sha1(bytes(PIECE_BYTES)).digest()
    info = (f"d6:lengthi{pieces * PIECE_BYTES}e4:name{len(name)}:{name}12:piece lengthi{PIECE_BYTES}e"
            f"6:pieces{20 * pieces}:").encode() + zeros * pieces + b"e"
    path = folder / f"{name}.torrent"
    announce = f"8:announce{len(tracker)}:{tracker}".encode() if tracker else b""
    path.write_bytes(b"d" + announce + b"4:info" + info + b"e")
    with open(folder / name, "wb") as data:
        data.truncate(pieces * PIECE_BYTES)
    return Torrent(path, info)


class Program:
    """A running spate; what it prints goes to a file, which never makes it wait."""

    def __init__(self, command, cwd=None):
        self._out = tempfile.TemporaryFile("w+")
        self._process = subprocess.Popen([str(word) for word in command], stdout=self._out,
                                         stderr=subprocess.DEVNULL, cwd=cwd)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()
        self._out.close()

    def wait_ready(self, count):
        """The first `ready` event, once there are `count`."""
        deadline = time.monotonic() + READY_S
        found, at_bytes = [], 0
        while len(found) < count:
            text = os.pread(self._out.fileno(), 1 << 24, at_bytes)
            whole = text[:text.rfind(b"\n") + 1]
            at_bytes += len(whole)
            found += [line for line in whole.splitlines() if b'"event":"ready"' in line]
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{len(found)} of {count} torrents got ready")
            time.sleep(0.02)
        return json.loads(found[0])


class Tracker(Program):
    """`spate tracker` on loopback."""

    def __init__(self, spate):
        super().__init__([spate, "tracker", "--listen", "127.0.0.1:0", "--json"])
        self._address = self.wait_ready(1)["listen"][0]
        self.url = f"http://{self._address}/announce"

    def seeds(self, torrent):
        """Who has it, as a scrape says (BEP 48)."""
        host, port = self._address.rsplit(":", 1)
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            query = urllib.parse.quote(torrent.info_hash)
            connection.sendall(f"GET /scrape?info_hash={query} HTTP/1.0\r\n\r\n".encode())
            answer = b"".join(iter(lambda: connection.recv(4096), b""))
        found = re.search(rb"8:completei(\d+)e", answer)
        return int(found[1]) if found else 0


class Seed(Program):
    """A running `spate seed` on one core."""

    def __init__(self, spate, folder, torrents, peers):
        started = time.monotonic()
        super().__init__([spate, "seed", *torrents, "--json", "--sandbox-loopback", "--listen", "127.0.0.1:0",
                          "--cores", "1", "--max-peers", max(peers, 10), "--duration", "1h"], folder)
        self.port = int(self.wait_ready(len(torrents))["listen"][0].rsplit(":", 1)[1])
        self.ready_s = time.monotonic() - started
        self.start_cpu_s = self._cpu_s()

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
