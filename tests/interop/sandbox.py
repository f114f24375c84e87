"""One test's world: a directory, addresses, and every process it starts. Leaving it ends them all."""

import ipaddress
import itertools
import os
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

import network
from process import Process

# Sanitizer builds are several times slower: CMake hands the factor in.
SLOWNESS = float(os.environ.get("SPATE_INTEROP_SLOWNESS", "1"))


class Sandbox:
    """Context manager. Keeps its directory and prints the logs' tails when the body raised."""

    def __init__(self, name, work_dir=None):
        self.name = name
        self._work_dir = work_dir
        self._numbers = itertools.count(1)
        self._addresses = itertools.count(int(ipaddress.ip_address(network.BASE_IP)) + 1)
        self.processes = []
        self.clients = []

    def __enter__(self):
        self.dir = Path(tempfile.mkdtemp(prefix=f"spate-{self.name}-", dir=self._work_dir))
        # opentracker drops root and still has to reach its folder.
        self.dir.chmod(0o755)
        return self

    def __exit__(self, kind, error, trace):
        for client in reversed(self.clients):
            client.abandon()
        for process in reversed(self.processes):
            process.stop(timeout_s=3.0)
        if kind in (None, unittest.SkipTest) or os.environ.get("SPATE_INTEROP_KEEP") == "0":
            shutil.rmtree(self.dir, ignore_errors=True)
        else:
            self._report()

    def fresh_ip(self):
        """An address of this namespace's `lo` that nobody else in this sandbox has."""
        return str(ipaddress.ip_address(next(self._addresses)))

    def subdir(self, name):
        """A new folder `<name>-<number>`."""
        path = self.dir / f"{name}-{next(self._numbers)}"
        path.mkdir()
        return path

    def start(self, name, argv, log_dir, **options):
        """Starts a Process that ends with the sandbox."""
        process = Process(name, argv, log_dir, **options)
        self.processes.append(process)
        return process

    def _report(self):
        print(f"\nkept for inspection: {self.dir}", file=sys.stderr)
        for process in self.processes[-12:]:
            try:
                print(process.log_tail(), file=sys.stderr)
            except OSError as error:
                print(f"--- {process.name}: no log ({error})", file=sys.stderr)


def seconds(timeout_s):
    """A time limit, stretched for slow builds."""
    return timeout_s * SLOWNESS
