"""What the machines have in common: a private network, a small torrent of several files, and processes that may fail."""

import argparse
import contextlib
import dataclasses
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE.parent / "interop")]

import network  # noqa: E402
import process  # noqa: E402

EXIT_SKIPPED = 77
PIECE_BYTES = 32 * 1024
# Borders inside pieces, an empty file, one that lies in a folder, and one shorter than a page.
FILES = (("a.bin", 300_001), ("empty", 0), ("folder/c.bin", 77_777), ("z.bin", 400_000), ("zz.txt", 1_234))
NAME = "content"


def arguments(description, preload=True):
    """A parser with what every machine takes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spate", default=os.environ.get("SPATE", str(ROOT / "build/release/spate")),
                        help="the binary under test (default: $SPATE, then build/release/spate)")
    if preload:
        parser.add_argument("--preload", help="libspate_faults.so (default: the one built beside the binary)")
    parser.add_argument("--totals", help="the file that keeps the totals (default: beside the binary)")
    return parser


def prepare(options, name):
    """Absolute paths in `options`, and the private network around us. Ends the program where that can't be."""
    options.spate = str(Path(options.spate).resolve())
    folder = Path(options.spate).parent
    if hasattr(options, "preload"):
        options.preload = str(Path(options.preload or folder / "tests/faults/libspate_faults.so").resolve())
    options.totals = Path(options.totals or folder / f"{name}.json").resolve()
    for path in (options.spate, getattr(options, "preload", options.spate)):
        if not os.access(path, os.R_OK):
            sys.exit(f"{path} is missing: build it, or name it")
    reason = network.enter_private_network()
    if reason:
        print(f"skipped: {reason}")
        sys.exit(EXIT_SKIPPED)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


class Content:
    """The files of the torrent, made from a seed, and what is right of a copy of them."""

    def __init__(self, folder, name=NAME, files=FILES, seed=1, piece_bytes=PIECE_BYTES):
        self.folder, self.name, self.piece_bytes = Path(folder), name, piece_bytes
        generator = random.Random(seed)
        self.files = [(path, generator.randbytes(size)) for path, size in files]
        for path, content in self.files:
            target = self.folder / name / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)

    def create(self, spate, version):
        """Makes a .torrent; returns its path."""
        path = self.folder / f"{self.name}-{version}.torrent"
        subprocess.run([spate, "create", self.folder / self.name, "--piece-size", str(self.piece_bytes),
                        f"--{version}", "-o", path], check=True, stdout=subprocess.DEVNULL, timeout=60)
        return path

    def differs(self, folder):
        """The first file below `folder` that isn't as it should be, or None."""
        for path, content in self.files:
            copy = Path(folder) / self.name / path
            if not copy.is_file():
                return f"{path} is missing"
            found = copy.read_bytes()
            if found != content:
                return f"{path} differs ({len(found)} of {len(content)} bytes)"
        return None


class Run:
    """One spate process: its events and its end. With `plan`, the environment of the preloaded library."""

    def __init__(self, box, words, plan=None, preload=None):
        self.box = Path(tempfile.mkdtemp(dir=box))
        env = {}
        if plan is not None:
            self.report = self.box / "report"
            env = {"LD_PRELOAD": preload, "SPATE_FAULT_REPORT": str(self.report), **plan}
        self.child = process.Process("spate", words, self.box, env=env)

    def events(self, kind=None):
        lines = self.child.out_path.read_text(errors="replace").split("\n")[:-1]
        found = []
        for line in lines:
            with contextlib.suppress(ValueError):
                found.append(json.loads(line))
        return [event for event in found if kind in (None, event.get("event"))]

    def errors(self):
        return self.child.err_path.read_text(errors="replace")

    def wait(self, until, timeout_s):
        """Until `until()` or the end of the process; the exit code, or None while it runs."""
        deadline = time.monotonic() + timeout_s
        pause = 0.005
        while self.child.poll() is None and not until() and time.monotonic() < deadline:
            time.sleep(pause)
            pause = min(pause * 1.3, 0.1)
        return self.child.poll()

    def wait_end(self, timeout_s):
        return self.wait(lambda: False, timeout_s)

    def wait_event(self, kind, timeout_s):
        self.wait(lambda: self.events(kind), timeout_s)
        return bool(self.events(kind))

    def stop(self, timeout_s=15.0):
        """Ctrl-C; the exit code, or None if it had to be killed."""
        self.child.send(signal.SIGINT)
        code = self.wait_end(timeout_s)
        if code is None:
            self.child.stop(signal.SIGKILL)
        return code

    def kill(self):
        self.child.send(signal.SIGKILL)
        return self.child.wait(20.0)

    def counters(self):
        """What the library counted."""
        data = self.report.read_bytes()
        return {data[at:at + 24].rstrip(b"\0").decode(): int.from_bytes(data[at + 24:at + 32], "little")
                for at in range(0, len(data), 32)}


class Totals:
    """Numbers and findings that outlive the program: `./run` goes on where the last one stopped."""

    def __init__(self, path, fresh=False):
        self.path = path
        self.lock = threading.Lock()
        self.data = {"done": {}, "counts": {}, "failures": {}}
        if path.exists() and not fresh:
            self.data = json.loads(path.read_text())

    def save(self):
        staged = self.path.with_suffix(".new")
        staged.write_text(json.dumps(self.data, indent=1, sort_keys=True) + "\n")
        staged.replace(self.path)

    def count(self, name, number=1):
        with self.lock:
            counts = self.data["counts"]
            counts[name] = counts.get(name, 0) + number

    def fail(self, line, why):
        with self.lock:
            self.data["failures"][line] = why
            print(f"FAILED {line}\n    {why}", flush=True)

    def finish(self, case, detail):
        with self.lock:
            self.data["done"][case] = detail
            self.save()


@contextlib.contextmanager
def scratch_folder(name):
    folder = Path(tempfile.mkdtemp(prefix=f"spate-{name}-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclasses.dataclass
class Ports:
    """Handed out to threads one by one."""

    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def take(self):
        with self.lock:
            return f"{network.BASE_IP}:{network.free_port(network.BASE_IP)}"
