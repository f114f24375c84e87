"""spate itself, driven by its command line: JSON lines on standard output, and exit codes."""

import functools
import json
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import network
from clients.base import Client
from process import wait_until
from sandbox import seconds

EXIT_OK, EXIT_FAILURE, EXIT_USAGE, EXIT_BAD_DATA, EXIT_INTERRUPTED = 0, 1, 2, 3, 130
_QUIET = ("--no-dht", "--no-pex", "--no-lsd")


def binary():
    """The program under test: $SPATE, or the release build."""
    default = Path(__file__).resolve().parents[3] / "build/release/spate"
    return os.environ.get("SPATE", str(default))


@functools.cache
def help_text(command=None):
    """What `spate [command] --help` prints; options that are not built yet are not in it."""
    words = [binary(), *([command] if command else []), "--help"]
    return subprocess.run(words, capture_output=True, text=True, timeout=30).stdout


def run(*words, timeout_s=60, **options):
    """Runs a command that ends by itself. Returns (exit code, JSON objects of stdout, stderr)."""
    done = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True,
                          timeout=seconds(timeout_s), **options)
    return done.returncode, parse_lines(done.stdout), done.stderr


def parse_lines(text):
    """Complete JSON lines; anything else on standard output is a failure, as scripts rely on it."""
    lines = text.split("\n")[:-1]
    return [json.loads(line) for line in lines if line]


class Spate(Client):
    """`spate seed` or `spate get` on the namespace's first address, with `cores` core threads."""

    NAME = "spate"
    PACKAGE = None

    def __init__(self, sandbox, ip=None, core=None, cores=1, options=(), host=None):
        super().__init__(sandbox, ip or network.BASE_IP, core, host)
        self.cores = cores
        self.options = list(options)
        self.stats_path = self.dir / "stats.json"
        self.program, self.user_id = binary(), None
        self.prefix = []  # words in front of the command

    def run_as(self, user_id):
        """The next start is another user's, who may read the program and write its folder."""
        self.user_id = user_id
        self.program = shutil.copy(self.program, self.dir / "spate")
        self.dir.chmod(0o777)

    def seed(self, torrent, data_dir, *options):
        self.start_command("seed", torrent.path, "--data", data_dir, *options)
        self.wait_event("ready", 60)

    def seed_path(self, path, *options):
        """Hashes a file or folder, embeds a tracker; returns the `ready` event."""
        self.start_command("seed", path, *options)
        return self.wait_event("ready", 60)

    def download(self, torrent, out_dir, peers=(), options=()):
        self.get(torrent.path, out_dir, peers, options)

    def download_magnet(self, magnet, out_dir, peers=()):
        self.get(magnet, out_dir, peers)

    def get(self, source, out_dir, peers=(), options=()):
        hand_fed = [word for peer in peers for word in ("--peer", peer)]
        self.start_command("get", source, "-o", out_dir, *hand_fed, *options)

    def start_command(self, command, *words):
        """Starts `spate COMMAND` with the options every run of the harness has."""
        known = help_text(command)
        quiet = [option for option in _QUIET if option in known]
        return self.start([
            *self.prefix, self.program, command, *words, "--json", "--listen", self.peer, "--cores", self.cores,
            "--stats", self.stats_path, *quiet, *self.options,
        ], user_id=self.user_id)

    def wait_complete(self, timeout_s):
        """For `get` without --seed: complete, exit code 0 and a summary."""
        code = wait_until(self.process.poll, timeout_s, "spate to complete", accept=lambda code: code is not None)
        if code != EXIT_OK:
            raise AssertionError(f"spate get exited with {code}: {self.events('error')}")
        if not self.events("complete") or not self.events("summary"):
            raise AssertionError(f"no `complete` or `summary` among {[e['event'] for e in self.events()]}")

    def is_complete(self):
        if self.process.poll() not in (None, EXIT_OK):
            raise AssertionError(f"spate exited with {self.process.exit_code}: {self.events('error')}")
        return '"complete"' in self.process.out_path.read_text()

    def leave(self):
        self.stop()
        return self.summary()["bytes_up"]

    def events(self, kind=None):
        """All events so far, or those of one kind."""
        found = parse_lines(self.process.out_path.read_text())
        return [event for event in found if kind in (None, event["event"])]

    def wait_event(self, kind, timeout_s, accept=lambda event: True):
        """The first event of a kind that `accept` likes; an exit without it is a failure."""
        def probe():
            ended = self.process.poll() is not None
            for event in self.events(kind):
                if accept(event):
                    return event
            if ended:
                raise AssertionError(f"spate exited with {self.process.exit_code} before `{kind}`")
            return None
        return wait_until(probe, seconds(timeout_s), f"spate to say `{kind}`")

    def summary(self):
        """The last line of a run that has ended."""
        last = self.events()[-1]
        if last["event"] != "summary":
            raise AssertionError(f"the last line is `{last['event']}`, not `summary`")
        return last

    def interrupt(self):
        """Ctrl-C; returns the exit code."""
        return self.process.stop(signal.SIGINT, timeout_s=seconds(15))


class SpateTracker(Client):
    """`spate tracker`: HTTP and UDP on one port."""

    NAME = "spate-tracker"
    PACKAGE = None

    def __init__(self, sandbox, ip=None, host=None):
        super().__init__(sandbox, ip or network.BASE_IP, host=host)

    def run(self):
        self.start([binary(), "tracker", "--listen", self.peer, "--json"])
        wait_until(self._accepts, seconds(10), "spate tracker to listen")

    def allow(self, info_hash):
        """It tracks every torrent that asks."""

    @property
    def http_url(self):
        return f"http://{self.peer}/announce"

    @property
    def udp_url(self):
        return f"udp://{self.peer}/announce"

    def _accepts(self):
        if self.process.poll() is not None:
            raise AssertionError(f"spate tracker exited with {self.process.exit_code}")
        family = socket.AF_INET6 if ":" in self.ip else socket.AF_INET
        with socket.socket(family) as probe:
            return probe.connect_ex((self.ip, self.port)) == 0
