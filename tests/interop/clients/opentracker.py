"""opentracker: the C tracker that large sites run. HTTP and UDP on one port."""

import shutil
import signal
import socket
import unittest

import network
from clients.base import Client
from process import wait_until


class OpenTracker(Client):
    """Answers for the torrents of its whitelist only; must not stay root, and reads the list inside its chroot."""

    NAME = "opentracker"
    PACKAGE = "opentracker"

    def run(self):
        """Starts it with an empty list; returns when it accepts connections."""
        if not network.has_other_users():
            raise unittest.SkipTest("opentracker wants to drop root, and here is nobody to become")
        self.dir.chmod(0o777)
        (self.dir / "whitelist").touch()
        program = shutil.which("opentracker") or "/usr/bin/opentracker"
        self.start([program, "-i", self.ip, "-p", self.port, "-P", self.port, "-d", self.dir, "-u", "nobody",
                    "-w", "/whitelist"])
        wait_until(self._accepts, 10, "opentracker to listen")

    def allow(self, info_hash):
        """Adds a torrent; opentracker reads its list again on SIGHUP."""
        with open(self.dir / "whitelist", "a", encoding="ascii") as whitelist:
            whitelist.write(f"{info_hash}\n")
        self.process.send(signal.SIGHUP)

    @property
    def http_url(self):
        return f"http://{self.ip}:{self.port}/announce"

    @property
    def udp_url(self):
        return f"udp://{self.ip}:{self.port}/announce"

    def _accepts(self):
        if self.process.poll() is not None:
            raise AssertionError(f"opentracker exited with {self.process.exit_code}")
        with socket.socket() as probe:
            return probe.connect_ex((self.ip, self.port)) == 0
