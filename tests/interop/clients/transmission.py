"""transmission-daemon, driven over its RPC."""

import base64
import json
import urllib.error
import urllib.request

from clients.base import Client
from process import wait_until
from sandbox import seconds

_STATUS_SEEDING = 6
_OFF = {
    "dht-enabled": False, "lpd-enabled": False, "pex-enabled": False, "utp-enabled": False,
    "port-forwarding-enabled": False, "blocklist-enabled": False, "watch-dir-enabled": False,
    "incomplete-dir-enabled": False, "ratio-limit-enabled": False, "idle-seeding-limit-enabled": False,
    "speed-limit-down-enabled": False, "speed-limit-up-enabled": False, "alt-speed-enabled": False,
    "rpc-authentication-required": False, "rpc-whitelist-enabled": False, "rpc-host-whitelist-enabled": False,
}


class Transmission(Client):
    """Adds torrents through RPC; it takes no peers by hand, so they come from the tracker or connect to it."""

    NAME = "transmission"
    PACKAGE = "transmission-daemon"
    UNCHOKE_DELAY_S = 11.0
    CREATES_EMPTY_FILES = False
    # Settings that a subclass wants otherwise.
    MORE_SETTINGS = {}

    def seed(self, torrent, data_dir):
        self._add(torrent, data_dir)
        wait_until(lambda: self._torrent()["status"] == _STATUS_SEEDING and self._torrent()["leftUntilDone"] == 0,
                   seconds(90), "transmission to check its data")

    def download(self, torrent, out_dir, peers=()):
        self._add(torrent, out_dir)

    def wait_complete(self, timeout_s):
        wait_until(self.is_complete, timeout_s, "transmission to complete", interval_s=0.05)

    def is_complete(self):
        state = self._torrent()
        # 1 and 2 are the tracker's warnings and errors, 3 is the disk's.
        if state["error"] == 3:
            raise AssertionError(f"transmission: {state['errorString']}")
        return state["sizeWhenDone"] > 0 and state["leftUntilDone"] == 0 and state["status"] == _STATUS_SEEDING

    def leave(self):
        given_bytes = self._torrent()["uploadedEver"]
        self.stop()
        return given_bytes

    def _add(self, torrent, directory):
        self._launch()
        metainfo = base64.b64encode(torrent.path.read_bytes()).decode()
        self._call("torrent-add", metainfo=metainfo, **{"download-dir": str(directory), "paused": False})

    def _launch(self):
        rpc_port = self.free_port()
        self._rpc = f"http://{self.ip}:{rpc_port}/transmission/rpc"
        self._session_id = ""
        settings = {
            **_OFF, "bind-address-ipv4": self.ip, "bind-address-ipv6": "::1", "peer-port": self.port,
            "rpc-bind-address": self.ip, "rpc-port": rpc_port, "peer-limit-per-torrent": 200,
            "peer-limit-global": 500, "upload-slots-per-torrent": 14, "cache-size-mb": 16,
            **self.MORE_SETTINGS,
        }
        (self.dir / "settings.json").write_text(json.dumps(settings))
        self.start(["transmission-daemon", "--foreground", "--config-dir", self.dir, "--log-error"])
        wait_until(self._answers, seconds(15), "transmission's RPC")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"transmission-daemon exited with {self.process.exit_code}")
        try:
            return self._call("session-get") is not None
        except (urllib.error.URLError, ConnectionError):
            return False

    def _torrent(self):
        fields = ["status", "error", "errorString", "leftUntilDone", "sizeWhenDone", "uploadedEver"]
        return self._call("torrent-get", fields=fields)["torrents"][0]

    def _call(self, method, **arguments):
        body = json.dumps({"method": method, "arguments": arguments}).encode()
        for _ in range(2):
            request = urllib.request.Request(self._rpc, body, {"X-Transmission-Session-Id": self._session_id})
            try:
                with _DIRECT.open(request, timeout=10) as response:
                    answer = json.load(response)
                break
            except urllib.error.HTTPError as error:
                if error.code != 409:
                    raise
                self._session_id = error.headers["X-Transmission-Session-Id"]
        if answer["result"] != "success":
            raise AssertionError(f"transmission {method}: {answer['result']}")
        return answer["arguments"]


# Never through a proxy of the environment.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
