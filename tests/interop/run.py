#!/usr/bin/python3
"""Runs interoperation scenarios inside a private network.

    SPATE=build/release/spate tests/interop/run.py test_aria2 [test_...] [-k PATTERN] [-v]

Exit codes: 0 passed, 1 failed, 77 could not run here at all (ctest counts that as skipped; a sentence says why).
"""

import argparse
import os
import signal
import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "scenarios")]

import network  # noqa: E402
from clients import spate  # noqa: E402

EXIT_SKIPPED = 77


def main():
    arguments = parse_arguments()
    if arguments.spate:
        os.environ["SPATE"] = str(Path(arguments.spate).resolve())
    if set(arguments.scenarios) - {"test_foreign"} and not os.access(spate.binary(), os.X_OK):
        print(f"{spate.binary()} is missing: build it, or name it in $SPATE", file=sys.stderr)
        return 1
    reason = network.enter_private_network()
    if reason:
        print(f"skipped: {reason}")
        return EXIT_SKIPPED
    # A time-out of ctest ends in the same clean-up as a failure.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    loader = unittest.TestLoader()
    if arguments.k:
        loader.testNamePatterns = [pattern if "*" in pattern else f"*{pattern}*" for pattern in arguments.k]
    suite = unittest.TestSuite(loader.loadTestsFromName(name) for name in arguments.scenarios)
    result = unittest.TextTestRunner(verbosity=2, failfast=arguments.failfast).run(suite)
    if not result.wasSuccessful() or result.testsRun == 0:
        return 1
    return EXIT_SKIPPED if len(result.skipped) == result.testsRun else 0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scenarios", nargs="+", metavar="SCENARIO", help="modules of tests/interop/scenarios")
    parser.add_argument("--spate", help="the binary under test (default: $SPATE, then build/release/spate)")
    parser.add_argument("--failfast", action="store_true")
    parser.add_argument("-k", action="append", help="only tests whose name contains this")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
