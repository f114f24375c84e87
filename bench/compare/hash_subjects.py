"""Those who check data against a torrent or make a torrent of it, each as one function: (job) -> Cost."""

import dataclasses
import json
import os
import shutil
import sys
import time
from pathlib import Path

import data
from clients import spate
from clients.transmission import Transmission
from process import wait_until

TIMEOUT_S = 1800
_HOST = Path(__file__).resolve().parent / "libtorrent_hash_host.py"
# Of torrent-get, as Transmission's rpc-spec has them.
_CHECK_WAITING, _CHECKING = 1, 2


@dataclasses.dataclass
class Cost:
    """What one run took."""

    wall_s: float
    cpu_s: float


@dataclasses.dataclass
class Job:
    """What all are given: the same data, torrent and number of threads, and a sandbox for their processes."""

    box: object
    root: Path
    torrent: data.Torrent
    threads: int
    read_limit: Path
    queue_depth: int


def _run(job, name, argv, ok=(0,)):
    """A program that does the work and ends: its whole life counts."""
    started_s = time.monotonic()
    process = job.box.start(name, argv, job.box.subdir(name))
    process.wait(TIMEOUT_S)
    wall_s = time.monotonic() - started_s
    if process.exit_code not in ok:
        raise AssertionError(process.log_tail())
    return Cost(wall_s, process.usage().cpu_s), process


def verify_spate(job):
    cost, _ = _run(job, "spate", [spate.binary(), "verify", job.torrent.path, job.root.parent, "--cores", job.threads])
    return cost


def verify_aria2(job):
    argv = ["aria2c", "--check-integrity=true", "--bt-hash-check-seed=false", "--seed-time=0", "--enable-dht=false",
            "--enable-dht6=false", "--bt-enable-lpd=false", "--quiet=true", "--no-conf=true", f"--dir={job.root.parent}",
            job.torrent.path]
    cost, _ = _run(job, "aria2", argv)
    return cost


def verify_transmission(job):
    """The daemon's own `torrent-verify`; its start, and the check when the torrent is added, don't count."""
    client = Transmission(job.box)
    client.seed(job.torrent, job.root.parent)
    before, started_s = client.usage(), time.monotonic()
    client._call("torrent-verify", ids=[1])
    checking = (_CHECK_WAITING, _CHECKING)
    wait_until(lambda: client._torrent()["status"] in checking, 5, "transmission to begin", interval_s=0.002)
    wait_until(lambda: client._torrent()["status"] not in checking, TIMEOUT_S, "transmission's check", interval_s=0.01)
    wall_s = time.monotonic() - started_s
    used_s = client.usage().cpu_s - before.cpu_s
    client.stop()
    return Cost(wall_s, used_s)


def _libtorrent(job, what):
    _, process = _run(job, "libtorrent", [sys.executable, _HOST, what, job.root, job.torrent.path, job.threads])
    answer = json.loads(process.out_path.read_text().splitlines()[-1])
    return Cost(answer["wall_s"], answer["cpu_s"])


def verify_libtorrent(job):
    return _libtorrent(job, "verify")


def create_libtorrent(job):
    return _libtorrent(job, "create-v1")


def create_libtorrent_hybrid(job):
    return _libtorrent(job, "create-hybrid")


def _create_spate(job, version):
    argv = [spate.binary(), "create", job.root, "-o", job.box.subdir("out") / "t.torrent",
            "--piece-size", f"{job.torrent.piece_bytes // data.KIB}K", "--cores", job.threads, version]
    cost, _ = _run(job, "spate", argv)
    return cost


def create_spate(job):
    return _create_spate(job, "--v1")


def create_spate_hybrid(job):
    return _create_spate(job, "--hybrid")


def create_mktorrent(job):
    exponent = job.torrent.piece_bytes.bit_length() - 1
    cost, _ = _run(job, "mktorrent", ["mktorrent", "-a", "http://tracker.invalid/", "-t", job.threads, "-l", exponent,
                                      "-o", job.box.subdir("out") / "t.torrent", job.root])
    return cost


def create_transmission(job):
    cost, _ = _run(job, "transmission", ["transmission-create", "-s", job.torrent.piece_bytes // data.KIB,
                                         "-o", job.box.subdir("out") / "t.torrent", job.root])
    return cost


def read_cached(job):
    """Reading alone with as many threads: the limit of a check of cached data."""
    _, process = _run(job, "read", [job.read_limit, job.root, job.threads])
    return Cost(json.loads(process.out_path.read_text())["wall_s"], process.usage().cpu_s)


def read_cold(job):
    """fio reading 1 MiB at a time past the page cache: the disk's limit."""
    _drop_from_cache(job.root)
    cost, process = _run(job, "fio", ["fio", "--name=read", f"--filename={job.root}", "--rw=read", "--bs=1M", "--direct=1",
                                      "--ioengine=libaio", f"--iodepth={job.queue_depth}", "--readonly", "--output-format=json"])
    report = json.loads(process.out_path.read_text())["jobs"][0]
    return Cost(report["read"]["runtime"] / 1e3, cost.cpu_s)


def verify_spate_cold(job):
    _drop_from_cache(job.root)
    return verify_spate(job)


def bring_into_cache(path):
    """Some machines give pages back that were idle for a while."""
    with open(path, "rb", buffering=0) as file:
        buffer = bytearray(data.MIB)
        while file.readinto(buffer):
            pass


def _drop_from_cache(path):
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# Scenario -> name -> function. The first of each scenario is ours, the rest what it is compared with.
SCENARIOS = {
    "verify": {"spate": verify_spate, "reading alone": read_cached, "transmission": verify_transmission,
               "libtorrent": verify_libtorrent, "aria2": verify_aria2},
    "create": {"spate": create_spate, "mktorrent": create_mktorrent, "transmission": create_transmission,
               "libtorrent": create_libtorrent},
    "create-hybrid": {"spate": create_spate_hybrid, "libtorrent": create_libtorrent_hybrid},
    "verify-cold": {"spate": verify_spate_cold, "fio": read_cold},
}


def missing(scenario, name):
    """Why it can't take part here, or None."""
    if (scenario, name) == ("create-hybrid", "spate") and "--hybrid" not in spate.help_text("create"):
        return "this build makes no hybrid torrents"
    programs = {"spate": spate.binary(), "aria2": "aria2c", "mktorrent": "mktorrent", "fio": "fio",
                "transmission": "transmission-create" if scenario == "create" else "transmission-daemon"}
    program = programs.get(name)
    return f"{program} is missing" if program and not shutil.which(program) else None
