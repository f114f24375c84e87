"""One measured transfer between a client and a synthetic other end."""

import json
import os
import shutil
import time
from pathlib import Path

import data
from process import wait_until
from sandbox import Sandbox, seconds

TIMEOUT_S = 120
END = Path(__file__).resolve().parents[2] / "build/release/bench/synthetic_end"
# Some clients take one connection an address: each peer has its own, all of them on this network's `lo`.
FIRST_PEER_IP = "10.77.16.1"
# rtorrent refuses a torrent without a tracker; nobody listens there.
NO_TRACKER = "http://10.77.0.1:1/announce"


class Fixture:
    """The data, its torrent and the settings that all measurements share."""

    def __init__(self, work_dir, shape, window_s, end=END):
        self.work_dir, self.shape, self.window_s, self.end = work_dir, shape, window_s, end
        self.folder = work_dir / "data"
        self.folder.mkdir()
        self.file = self.folder / shape.name
        write_repeated(self.file, shape)
        self.digest = data.tree_digest(self.file)
        self.torrent = data.create_here(self.file, work_dir / "t.torrent", shape.piece_bytes, [NO_TRACKER])
        cpus = sorted(os.sched_getaffinity(0))
        self.client_core, self.end_core = cpus[0], cpus[-1]

    def start_end(self, box, kind, client, peers, *options):
        return box.start(kind, [self.end, kind, self.torrent.path, "--to", client.peer, "--from", FIRST_PEER_IP,
                                "--peers", peers, "--cpu", self.end_core, *options], box.dir)


def write_repeated(path, shape):
    """Pieces that are all alike, so that a source needs one buffer."""
    piece = os.urandom(shape.piece_bytes)
    with open(path, "wb") as file:
        for _ in range(shape.total_bytes // shape.piece_bytes):
            file.write(piece)


def measure_seed(fixture, subject, peers):
    """The client serves `peers` leechers that ask for random pieces, for a window of seconds."""
    with Sandbox("compare", fixture.work_dir) as box:
        client = subject(box, core=fixture.client_core)
        client.seed(fixture.torrent, fixture.folder)
        wait_until(lambda: accepts(client), seconds(30), f"{client.NAME} to listen")
        window = leech(fixture, box, client, peers)
        if window["closed"] == peers:
            # qbittorrent-nox closes what comes in its first moments as a seed.
            time.sleep(1)
            window = leech(fixture, box, client, peers)
        peak_bytes = client.usage().peak_rss_bytes
        client.stop()
    if window["bytes"] < data.MIB:
        raise AssertionError(f"it served nothing, choked {peers - window['unchoked'] - window['closed']} of {peers} "
                             f"leechers and closed {window['closed']}")
    return {"cpu_s_per_gib": window["cpu_s"] * data.GIB / window["bytes"],
            "rate_mb_per_s": window["bytes"] / window["seconds"] / 1e6, "peak_rss_bytes": peak_bytes,
            "served_peers": window["unchoked"], "steal_percent": window["steal_percent"]}


def leech(fixture, box, client, peers):
    """What the leechers saw in their window."""
    # A single leecher asks for more at a time than one of many.
    end = fixture.start_end(box, "sink", client, peers, "--pid", client.process.pid,
                            "--depth", 256 if peers < 16 else 64, "--window", fixture.window_s)
    wait_until(lambda: end.poll() is not None, seconds(TIMEOUT_S), "the leechers to end")
    if end.exit_code != 0:
        raise AssertionError(end.err_path.read_text().strip())
    return json.loads(end.out_path.read_text().splitlines()[-1])


def measure_download(fixture, subject, sources):
    """The client fetches everything, verified and written, from `sources` that have it."""
    with Sandbox("compare", fixture.work_dir) as box:
        out = box.subdir("out")
        client = subject(box, core=fixture.client_core)
        client.download(fixture.torrent, out)
        wait_until(lambda: accepts(client), seconds(30), f"{client.NAME} to listen")
        before_s, ticks = client.usage().cpu_s, cpu_ticks()
        end = fixture.start_end(box, "source", client, sources, "--data", fixture.file)
        wait_until(lambda: "started" in end.out_path.read_text() or end.poll() is not None, seconds(60),
                   f"{client.NAME} to ask for something", interval_s=0.005)
        started_s = time.monotonic()
        client.wait_complete(seconds(TIMEOUT_S))
        taken_s = max(time.monotonic() - started_s, 0.005)
        used = client.usage()
        steal = steal_percent(ticks, cpu_ticks())
        client.stop()
        if data.tree_digest(out / fixture.file.name) != fixture.digest:
            raise AssertionError("the copy differs")
        shutil.rmtree(out)
    total = fixture.torrent.total_bytes
    return {"cpu_s_per_gib": (used.cpu_s - before_s) * data.GIB / total, "rate_mb_per_s": total / taken_s / 1e6,
            "peak_rss_bytes": used.peak_rss_bytes, "steal_percent": steal}


def accepts(client):
    """Whether a listening socket of this network has the client's port."""
    if client.process.poll() is not None:
        raise AssertionError(f"{client.NAME} exited with {client.process.exit_code}")
    listening = "0A"
    rows = []
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(path, encoding="ascii") as table:
            rows += [line.split() for line in table][1:]
    return any(row[3] == listening and int(row[1].rpartition(":")[2], 16) == client.port for row in rows)


def cpu_ticks():
    """(stolen, all) clock ticks of the machine since it started."""
    with open("/proc/stat", encoding="ascii") as stat:
        ticks = [int(field) for field in stat.readline().split()[1:9]]
    return ticks[7], sum(ticks)


def steal_percent(before, after):
    return 100.0 * (after[0] - before[0]) / max(after[1] - before[1], 1)
