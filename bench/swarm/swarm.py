#!/usr/bin/python3
"""A swarm of real processes behind shaped links, beside the same swarm in the simulator.

    bench/swarm/run                                      bench/swarm/classes.toml, once: about five minutes
    bench/swarm/run --runs 3 --json swarm.json           medians of three
    bench/swarm/run my-swarm.toml --transmission 0       any scenario of `spate sim` without faults, spate alone

Each peer is a process in a network namespace of its own with one address; its uplink and downlink are token buckets of
the kernel (tc tbf) with a queue of 200 ms. spate is told its uplink (`--up`), as docs/operating.md advises. Peers find
each other by a `spate tracker`. Some peers of the ordinary classes are transmission-daemons with four upload slots, as
spate has. Every copy is compared with the original. Exit code 0: classes finish in the order of their uplinks, free
riders last, and a tyrant before the median of its class; 1: something of it doesn't hold.
"""

import argparse
import filecmp
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(REPOSITORY / "tests/interop")]

import data  # noqa: E402
import links  # noqa: E402
import network  # noqa: E402
import scenario_file  # noqa: E402
from checks import figures_of, failed_checks, table  # noqa: E402
from clients import Spate, SpateTracker, spate  # noqa: E402
from clients import Transmission as AnyTransmission  # noqa: E402
from sandbox import Sandbox  # noqa: E402

POLL_S = 0.25
SIMULATED_SEEDS = 3


class Transmission(AnyTransmission):
    """It would serve 14 at once, which feeds those who give nothing."""

    MORE_SETTINGS = {"upload-slots-per-torrent": 4}


def main():
    arguments = parse_arguments()
    reason = network.enter_private_network() or links.lay_bridge()
    if reason:
        print(reason, file=sys.stderr)
        return 77
    experiment = scenario_file.read(arguments.scenario, told=not arguments.untold)
    if arguments.transmission and not shutil.which("transmission-daemon"):
        print("transmission-daemon is missing (apt-get install transmission-daemon)", file=sys.stderr)
        return 1
    runs = []
    with tempfile.TemporaryDirectory(prefix="spate-swarm-", dir=arguments.dir) as work_dir:
        for number in range(arguments.runs):
            runs.append(run_once(experiment, arguments.transmission, work_dir))
            print(f"run {number + 1}: " + ", ".join(
                f"{name} {row['median_s']:.0f} s" for name, row in figures_of(experiment, runs[-1:]).items()),
                file=sys.stderr, flush=True)
    figures = figures_of(experiment, runs)
    simulated = simulate(arguments.scenario) if arguments.simulated else {}
    print(table(experiment, figures, simulated))
    failed = failed_checks(experiment, figures)
    for sentence in failed:
        print(f"does not hold: {sentence}")
    if arguments.json:
        report = {"scenario": experiment.title, "runs": runs, "figures": figures, "simulated": simulated,
                  "failed": failed}
        Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    return int(bool(failed) and not arguments.any_order)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenario", nargs="?", default=str(Path(__file__).with_name("classes.toml")))
    parser.add_argument("--transmission", type=int, default=5, metavar="N", help="peers that are transmission (5)")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--json", help="write every peer's figures")
    parser.add_argument("--untold", action="store_true",
                        help="don't tell spate its uplink (--up): queues form in the links instead of in spate")
    parser.add_argument("--any-order", action="store_true", help="exit with 0 once everybody has finished")
    parser.add_argument("--no-sim", dest="simulated", action="store_false", help="leave the simulator out")
    parser.add_argument("--dir", default="/var/tmp", help="where the copies lie for a while (default: /var/tmp)")
    return parser.parse_args()


def run_once(experiment, transmissions, work_dir):
    """Every peer's figures of one run; TimeoutError when somebody doesn't finish."""
    with Sandbox("swarm", work_dir) as box:
        tracker = SpateTracker(box, links.DRIVER_IP)
        tracker.run()
        shape = data.single("swarm.bin", experiment.file_bytes, experiment.piece_bytes)
        original = shape.make(box.subdir("data"))
        torrent = data.create_here(original, box.dir / "swarm.torrent", shape.piece_bytes, [tracker.http_url])
        peers = []
        for of, client_type in cast(experiment, transmissions):
            host = links.Host(of.up_bytes_per_s, of.down_bytes_per_s)
            client = client_type(box, host=host, **({"options": of.options} if client_type is Spate else {}))
            if of.seed:
                client.seed(torrent, original.parent)
            else:
                peers.append(Peer(of, client, box.subdir("out"), original))
        watch(peers, torrent, experiment.duration_s)
        return [peer.result(experiment.file_bytes) for peer in peers]


def cast(experiment, transmissions):
    """(class, client's type) of every peer. Seeds stand first; transmissions are spread over the ordinary classes, most
    over the largest, from the last peer of a class on."""
    ordinary = [(number / of.count, of) for of in experiment.classes if of.is_ordinary for number in range(of.count)]
    foreign = [of.name for _, of in sorted(ordinary, key=lambda entry: entry[0])[:transmissions]]
    for of in sorted(experiment.classes, key=lambda entry: not entry.seed):
        for number in range(of.count):
            yield of, Transmission if of.count - number <= foreign.count(of.name) else Spate


def watch(peers, torrent, duration_s):
    """Starts each when it is due, and returns when all have everything."""
    begun = time.monotonic()
    while any(peer.seconds is None for peer in peers):
        elapsed_s = time.monotonic() - begun
        if elapsed_s > duration_s:
            late = ", ".join(f"{peer.of.name} ({peer.client.NAME})" for peer in peers if peer.seconds is None)
            raise TimeoutError(f"not complete after {duration_s:.0f} s: {late}")
        for peer in peers:
            if peer.started_at is None and peer.of.arrives_at_s <= elapsed_s:
                peer.start(torrent)
            peer.poll()
        time.sleep(POLL_S)


class Peer:
    """One process of the swarm that downloads: when it had everything, and what it gave."""

    def __init__(self, of, client, out, original):
        self.of, self.client, self.out, self.original = of, client, out, original
        self.started_at = self.seconds = self.given_bytes = None

    def start(self, torrent):
        self.started_at = time.monotonic()
        options = {"options": ["--seed"]} if self.of.stays and isinstance(self.client, Spate) else {}
        self.client.download(torrent, self.out, **options)

    def poll(self):
        """Notes when it is complete; one that doesn't stay leaves then."""
        if self.started_at is not None and self.seconds is None and self.client.is_complete():
            self.seconds = time.monotonic() - self.started_at
            if not self.of.stays:
                self.leave()

    def leave(self):
        self.given_bytes = self.client.leave()
        if not filecmp.cmp(self.original, self.out / self.original.name, shallow=False):
            raise RuntimeError(f"the copy of a {self.client.NAME} differs")
        shutil.rmtree(self.out)

    def result(self, file_bytes):
        if self.given_bytes is None:
            self.leave()
        return {"class": self.of.name, "client": self.client.NAME, "seconds": round(self.seconds, 2),
                "share_ratio": round(self.given_bytes / file_bytes, 3)}


def simulate(scenario):
    """{class: median of its medians over some seeds} of the same swarm in virtual time."""
    words = [spate.binary(), "sim", scenario, "--seeds", str(SIMULATED_SEEDS), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=600, check=True)
    medians = {}
    for result in spate.parse_lines(done.stdout):
        for row in result.get("classes", ()):
            medians.setdefault(row["name"], []).append(row["download_median_seconds"])
    return {name: statistics.median(values) for name, values in medians.items()}


if __name__ == "__main__":
    sys.exit(main())
