#!/usr/bin/python3
"""spate beside the clients people run: the same transfers, side by side, in one sitting.

    bench/compare/run                                         everything: about half an hour
    bench/compare/run --clients spate,rtorrent --runs 5       two of them, more runs
    bench/compare/run --seed-peers 100 --download-peers 50 --html report.html --json report.json

Each client is one process on one CPU; one thread on another CPU plays all its peers (bench/synthetic_end), the same
for every client: leechers that ask for random pieces, sources that answer from one buffer. The clients take turns
(A B A B), in a private network namespace, on plain TCP, everybody unchoked as far as they can be told. Compare
within one run only. The exit code is 1 when a transfer failed; clients that are not installed are only named.
"""

import argparse
import itertools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(REPOSITORY / "tests/interop")]

import data  # noqa: E402
import network  # noqa: E402
import subjects  # noqa: E402
from measure import END, Fixture, measure_download, measure_seed  # noqa: E402
from page import html_page  # noqa: E402
from report import describe_machine, markdown  # noqa: E402

_UNITS = {"K": data.KIB, "M": data.MIB, "G": data.GIB}


def main():
    arguments = parse_arguments()
    reason = network.enter_private_network()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    os.environ.setdefault("SPATE_INTEROP_KEEP", "0")  # a client that fails is a line of the report
    versions = subjects.versions()
    names = [name for name in arguments.clients.split(",") if versions[name]]
    missing = {name: subjects.ALL[name].PACKAGE for name in arguments.clients.split(",") if not versions[name]}
    if missing:
        print(missing_sentence(missing), file=sys.stderr)
    shape = data.single("compared.bin", size(arguments.size), size(arguments.piece_size))
    with tempfile.TemporaryDirectory(prefix="spate-compare-", dir=arguments.dir) as work_dir:
        fixture = Fixture(Path(work_dir), shape, arguments.window, arguments.end)
        samples = list(measure_all(fixture, names, scenarios(arguments), arguments.runs))
    report = {
        "machine": describe_machine(), "commit": arguments.commit or commit(), "missing": missing,
        "versions": {name: versions[name] for name in names}, "runs": arguments.runs,
        "size_bytes": shape.total_bytes, "piece_bytes": shape.piece_bytes, "samples": samples,
    }
    print(markdown(report))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps(report, indent=1) + "\n")
    if arguments.html:
        Path(arguments.html).write_text(html_page(report))
    return int(any("error" in sample for sample in samples))


def scenarios(arguments):
    return [("seed", peers) for peers in counts(arguments.seed_peers)] + \
           [("download", peers) for peers in counts(arguments.download_peers)]


def measure_all(fixture, names, asked, runs):
    """One sample a client, scenario and run; one that fails says why instead of figures."""
    for run, (scenario, peers), name in itertools.product(range(runs), asked, names):
        sample = {"run": run, "scenario": scenario, "peers": peers, "client": name}
        measure = measure_seed if scenario == "seed" else measure_download
        try:
            sample |= measure(fixture, subjects.ALL[name], peers)
        except (AssertionError, OSError, TimeoutError, ValueError) as error:
            sample["error"] = str(error).replace(str(fixture.work_dir), "").splitlines()[0]
        print(progress(sample), file=sys.stderr, flush=True)
        yield sample


def progress(sample):
    head = f"{sample['scenario']:>8} {sample['peers']:>5} {sample['client']:<13}"
    if "error" in sample:
        return f"{head} {sample['error']}"
    return (f"{head} {sample['cpu_s_per_gib']:6.2f} s/GiB {sample['rate_mb_per_s']:8.0f} MB/s  "
            f"steal {sample['steal_percent']:.1f} %")


def missing_sentence(missing):
    return f"left out, as they are not installed: {', '.join(missing)} (apt-get install {' '.join(missing.values())})"


def commit():
    """What the compared spate was built from, as far as git can tell."""
    if shutil.which("git") is None:
        return "unknown"
    done = subprocess.run(["git", "-C", REPOSITORY, "describe", "--always", "--dirty"], capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", default=",".join(subjects.ALL), help="default: %(default)s")
    parser.add_argument("--seed-peers", default="1,100,1000", metavar="N,N", help="leechers (default: %(default)s)")
    parser.add_argument("--download-peers", default="1,50", metavar="N,N", help="sources (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--window", type=float, default=3.0, help="seconds of seeding that count (default: 3)")
    parser.add_argument("--size", default="512M", help="how much is downloaded, and seeded from")
    parser.add_argument("--piece-size", default="256K")
    parser.add_argument("--dir", default="/var/tmp", help="where twice as much fits for a while (default: %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="every sample")
    parser.add_argument("--html", metavar="FILE", help="a page with plots")
    parser.add_argument("--commit", help="say this instead of asking git")
    parser.add_argument("--end", default=END, type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    unknown = set(arguments.clients.split(",")) - set(subjects.ALL)
    if unknown:
        parser.error(f"no such client: {', '.join(sorted(unknown))}")
    return arguments


def counts(text):
    return [int(word) for word in text.split(",") if word]


def size(text):
    """Bytes of 512M, 256K, 1G."""
    return int(text[:-1]) * _UNITS[text[-1]] if text[-1] in _UNITS else int(text)


if __name__ == "__main__":
    sys.exit(main())
