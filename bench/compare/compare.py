#!/usr/bin/python3
"""CPU, speed and memory of spate beside the clients people run, measured in one sitting.

    bench/compare/compare.py                                  spate, transmission, aria2, libtorrent; 3 runs of 512 MiB
    bench/compare/compare.py --clients spate,aria2 --runs 5 --size 1G --json result.json

Every client seeds to the same counterpart and downloads from it, one after the other, and again (A B A B), each
end pinned to a core of its own, over opentracker in a private network namespace. Only ratios within one run
mean anything; the steal time printed beside them tells how quiet the machine was.
"""

import argparse
import itertools
import json
import os
import sys
import tempfile
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(Path(__file__).resolve().parent), str(REPOSITORY / "tests/interop")]

import clients  # noqa: E402
import data  # noqa: E402
import network  # noqa: E402
from clients import spate  # noqa: E402
from measure import Fixture, measure_pair  # noqa: E402
from report import describe_machine, markdown  # noqa: E402

_UNITS = {"K": data.KIB, "M": data.MIB, "G": data.GIB}


def main():
    arguments = parse_arguments()
    reason = network.enter_private_network()
    if reason:
        print(reason, file=sys.stderr)
        return 1
    names = arguments.clients.split(",")
    shape = data.single("compared.bin", size(arguments.size), size(arguments.piece_size))
    samples = []
    with tempfile.TemporaryDirectory(prefix="spate-compare-", dir=arguments.work_dir) as work_dir:
        fixture = Fixture(Path(work_dir), shape, pinned=not arguments.no_pin)
        for run, name, scenario in itertools.product(range(arguments.runs), names, arguments.scenarios.split(",")):
            sample = measure(fixture, name, scenario, arguments.counterpart)
            samples.append({"run": run, **sample})
            print(progress(sample), file=sys.stderr, flush=True)
    machine = describe_machine()
    print(markdown(samples, machine, arguments, shape))
    if arguments.json:
        Path(arguments.json).write_text(json.dumps({"machine": machine, "samples": samples}, indent=1))
    return 0


def measure(fixture, name, scenario, counterpart):
    """One transfer: `seed` (the client serves), `download` (it fetches), `self` (both ends are it)."""
    subject, other = clients.ALL[name], clients.ALL[counterpart]
    ends = {"seed": (subject, other), "download": (other, subject), "self": (subject, subject)}[scenario]
    seeder, leecher, common = measure_pair(fixture, *ends)
    base = {"client": name, "scenario": scenario, "counterpart": name if scenario == "self" else counterpart}
    measured = seeder if scenario == "seed" else leecher
    other_end = leecher if scenario == "seed" else seeder
    return {**base, **measured, **common, "other_end_cpu_s_per_gib": other_end["cpu_s_per_gib"]}


def progress(sample):
    return (f"{sample['scenario']:>8} {sample['client']:<13} {sample['cpu_s_per_gib']:6.2f} s/GiB "
            f"{sample['rate_mb_per_s']:8.0f} MB/s  steal {sample['steal_percent']:.1f} %")


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    has_spate = os.access(spate.binary(), os.X_OK)
    everybody = [name for name in ("spate", "transmission", "aria2", "libtorrent") if name != "spate" or has_spate]
    parser.add_argument("--clients", default=",".join(everybody), help="default: %(default)s")
    parser.add_argument("--counterpart", default="spate" if has_spate else "libtorrent", choices=list(clients.ALL),
                        help="the fixed other end of `seed` and `download` (default: %(default)s)")
    parser.add_argument("--scenarios", default="seed,download", help="of seed, download, self (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--size", default="512M")
    parser.add_argument("--piece-size", default="256K")
    parser.add_argument("--work-dir", help="where data is kept (default: the system's temporary folder)")
    parser.add_argument("--no-pin", action="store_true", help="leave the two ends to the scheduler")
    parser.add_argument("--json", help="write every sample there")
    return parser.parse_args()


def size(text):
    """Bytes of 512M, 256K, 1G."""
    return int(text[:-1]) * _UNITS[text[-1]] if text[-1] in _UNITS else int(text)


if __name__ == "__main__":
    sys.exit(main())
