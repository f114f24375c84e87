"""aria2c: one process a torrent; a download exits when complete."""

from clients.base import Client
from process import wait_until


class Aria2(Client):
    """Configured by arguments only; a seed takes its data on trust (--bt-seed-unverified)."""

    NAME = "aria2"
    PACKAGE = "aria2"

    def seed(self, torrent, data_dir):
        self._launch(torrent, data_dir, "--bt-seed-unverified=true", "--seed-ratio=0.0")

    def download(self, torrent, out_dir, peers=()):
        self._launch(torrent, out_dir, "--seed-time=0")

    def wait_complete(self, timeout_s):
        code = wait_until(self.process.poll, timeout_s, "aria2 to complete", accept=lambda code: code is not None)
        if code != 0:
            raise AssertionError(f"aria2c exited with {code}")

    def _launch(self, torrent, directory, *options):
        self.start([
            "aria2c", "--no-conf=true", f"--dir={directory}", f"--interface={self.ip}", f"--listen-port={self.port}",
            "--enable-dht=false", "--enable-dht6=false", "--enable-peer-exchange=false", "--bt-enable-lpd=false",
            "--disable-ipv6=true", "--bt-max-peers=0", "--file-allocation=none", "--allow-overwrite=true",
            "--bt-tracker-connect-timeout=5", "--bt-tracker-timeout=5", "--no-proxy=*", "--summary-interval=0",
            "--max-overall-upload-limit=0", "--console-log-level=notice", *options, torrent.path,
        ], env={"http_proxy": "", "HOME": str(self.dir)})
