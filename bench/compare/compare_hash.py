#!/usr/bin/python3
"""Checking data and making torrents: spate beside the clients people run, in one sitting.

    bench/compare_hash                                       verify and create, 3 runs of 1 GiB
    bench/compare_hash --size 4G --runs 5 --json result.json
    bench/compare_hash --scenarios verify-cold --work-dir /on/that/disk --queue-depth 8

All get the same file, in the page cache (except verify-cold), and the same number of threads where they take one,
and run one after the other, and again (A B A B). What counts is the ratio within one run.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(REPOSITORY / "tests/interop")]

import data  # noqa: E402
import hash_subjects  # noqa: E402
import network  # noqa: E402
from compare import size  # noqa: E402
from measure import cpu_ticks, steal_percent  # noqa: E402
from report import describe_machine  # noqa: E402
from sandbox import Sandbox  # noqa: E402


def main():
    arguments = parse_arguments()
    reason = network.enter_private_network()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    shape = data.single("compared.bin", size(arguments.size), size(arguments.piece_size))
    samples = []
    with tempfile.TemporaryDirectory(prefix="spate-compare-hash-", dir=arguments.work_dir) as work_dir:
        folder = Path(work_dir) / "data"
        folder.mkdir()
        root = shape.make(folder)
        os.sync()
        torrent = data.create_here(root, Path(work_dir) / "t.torrent", shape.piece_bytes)
        for run, (scenario, name) in itertools.product(range(arguments.runs), subjects(arguments)):
            sample = measure(arguments, Path(work_dir), root, torrent, scenario, name)
            samples.append({"run": run, **sample})
            print(f"{scenario:>13} {name:<13} {sample['wall_s_per_gib']:6.2f} s/GiB wall {sample['cpu_s_per_gib']:6.2f} CPU"
                  f"  steal {sample['steal_percent']:.1f} %", file=sys.stderr, flush=True)
    machine = describe_machine()
    medians = medians_of(samples)
    print("\n".join(table(samples, medians, machine, shape, arguments) + [""] + targets(medians)))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"machine": machine, "samples": samples}, indent=1))
    return 0


def subjects(arguments):
    """(scenario, name) of everybody who can take part; the others are named once."""
    taking_part = []
    for scenario in arguments.scenarios.split(","):
        for name in hash_subjects.SCENARIOS[scenario]:
            reason = hash_subjects.missing(scenario, name)
            if reason:
                print(f"{scenario}: {name} does not take part: {reason}", file=sys.stderr)
            else:
                taking_part.append((scenario, name))
    return taking_part


def measure(arguments, work_dir, root, torrent, scenario, name):
    with Sandbox("hash", work_dir) as box:
        job = hash_subjects.Job(box, root, torrent, arguments.threads, Path(arguments.read_limit), arguments.queue_depth)
        hash_subjects.bring_into_cache(root)  # whoever measures cold reads drops it again
        steal_before = cpu_ticks()
        cost = hash_subjects.SCENARIOS[scenario][name](job)
        steal = steal_percent(steal_before, cpu_ticks())
    gib = torrent.total_bytes / data.GIB
    return {"scenario": scenario, "name": name, "wall_s_per_gib": cost.wall_s / gib, "cpu_s_per_gib": cost.cpu_s / gib,
            "steal_percent": steal}


def medians_of(samples):
    """(scenario, name) -> (wall, CPU) seconds a GiB."""
    groups = {}
    for sample in samples:
        groups.setdefault((sample["scenario"], sample["name"]), []).append(sample)
    return {key: tuple(statistics.median(sample[field] for sample in group) for field in ("wall_s_per_gib", "cpu_s_per_gib"))
            for key, group in groups.items()}


def table(samples, medians, machine, shape, arguments):
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}; "
        f"{shape.total_bytes // data.MIB} MiB in {shape.piece_bytes // data.KIB} KiB pieces, {arguments.runs} runs, "
        f"{arguments.threads} threads, steal up to {max(sample['steal_percent'] for sample in samples):.1f} %. Versions: "
        + ", ".join(f"{name} {version}" for name, version in machine["versions"].items()) + ".",
        "", "| scenario | who | wall s/GiB | CPU s/GiB | GB/s | wall, of spate's |", "|---|---|---|---|---|---|",
    ]
    for (scenario, name), (wall_s, cpu_s) in medians.items():
        ours = medians.get((scenario, "spate"))
        ratio = f"{wall_s / ours[0]:.2f}" if ours else "–"
        lines.append(f"| {scenario} | {name} | **{wall_s:.3f}** | {cpu_s:.3f} | {data.GIB / 1e9 / wall_s:.2f} | {ratio} |")
    return lines


def targets(medians):
    """One line for each target whose two sides were measured."""
    lines = []

    def compare(what, left, right, limit, at_least=True):
        if left is None or right is None:
            return
        ratio = left / right
        holds = ratio >= limit if at_least else ratio <= limit
        lines.append(f"{what}: {ratio:.2f} ({'at least' if at_least else 'at most'} {limit:.2f}) {'holds' if holds else 'MISSED'}")

    def wall(scenario, name):
        return medians.get((scenario, name), (None, None))[0]

    others = [name for scenario, name in medians if scenario == "verify" and name not in ("spate", "reading alone")]
    compare("verify, speed of reading alone", wall("verify", "reading alone"), wall("verify", "spate"), 0.70)
    if others and ("verify", "spate") in medians:
        fastest = min(others, key=lambda name: wall("verify", name))
        compare(f"verify, times as fast as {fastest}", wall("verify", fastest), wall("verify", "spate"), 3.0)
        compare(f"verify, CPU of {fastest}'s", medians["verify", "spate"][1], medians["verify", fastest][1], 0.45, at_least=False)
    compare("create, times as fast as mktorrent", wall("create", "mktorrent"), wall("create", "spate"), 2.5)
    compare("create hybrid, times as fast as libtorrent", wall("create-hybrid", "libtorrent"), wall("create-hybrid", "spate"), 5.0)
    compare("verify cold, speed of fio", wall("verify-cold", "fio"), wall("verify-cold", "spate"), 0.90)
    return lines


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenarios", default="verify,create,create-hybrid",
                        help=f"of {', '.join(hash_subjects.SCENARIOS)} (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--size", default="1G")
    parser.add_argument("--piece-size", default="256K")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--queue-depth", type=int, default=32, help="fio's, in verify-cold (default: %(default)s, as spate has)")
    parser.add_argument("--read-limit", default=str(REPOSITORY / "build/release/bench/read_limit"), help="default: %(default)s")
    parser.add_argument("--work-dir", help="where data is kept (default: the system's temporary folder)")
    parser.add_argument("--json", help="write every sample there")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
