"""libtorrent-rasterbar through its Python binding, in a process of its own (`libtorrent_host.py`)."""

import json
import sys
from pathlib import Path

from clients.base import Client
from process import wait_until

_HOST = Path(__file__).with_name("libtorrent_host.py")


class Libtorrent(Client):
    """One session; see LibtorrentCrowd for many in one process."""

    NAME = "libtorrent"
    PACKAGE = "python3-libtorrent"
    # Settings that a subclass wants otherwise.
    MORE_SETTINGS = {}

    def seed(self, torrent, data_dir):
        self._launch(torrent=str(torrent.path), save_path=str(data_dir), seed=True)
        wait_until(lambda: self._said("seeding"), 30, "libtorrent to seed")

    def download(self, torrent, out_dir, peers=()):
        self._launch(torrent=str(torrent.path), save_path=str(out_dir), peers=list(peers))

    def download_magnet(self, magnet, out_dir, peers=()):
        self._launch(magnet=magnet, save_path=str(out_dir), peers=list(peers))

    def wait_complete(self, timeout_s):
        wait_until(lambda: self._said("complete"), timeout_s, "libtorrent to complete")

    def startup_cpu_s(self):
        return json.loads(self.process.out_path.read_text().splitlines()[0])["cpu_s"]

    def _launch(self, **job):
        jobs = [{"ip": self.ip, "port": self.port, "settings": self.MORE_SETTINGS, **job}]
        self.start([sys.executable, _HOST, json.dumps(jobs)])

    def _said(self, event):
        if self.process.poll() is not None:
            raise AssertionError(f"libtorrent's host exited with {self.process.exit_code}")
        return f'"event": "{event}"' in self.process.out_path.read_text()


class LibtorrentCrowd(Client):
    """Several downloading sessions in one process, each with its own address and folder."""

    NAME = "libtorrent-crowd"
    PACKAGE = "python3-libtorrent"

    def download(self, torrent, out_dirs, peers=()):
        """One session for each of `out_dirs`."""
        self._expected = len(out_dirs)
        jobs = []
        for out_dir in out_dirs:
            ip = self.sandbox.fresh_ip()
            jobs.append({"ip": ip, "port": self.port, "torrent": str(torrent.path),
                         "save_path": str(out_dir), "peers": list(peers)})
        self.start([sys.executable, _HOST, json.dumps(jobs)])

    def wait_complete(self, timeout_s):
        wait_until(lambda: self.completed_count() == self._expected, timeout_s,
                   f"{self._expected} libtorrent sessions to complete", interval_s=0.1)

    def completed_count(self):
        return self.process.out_path.read_text().count('"event": "complete"')
