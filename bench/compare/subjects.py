"""The clients that are compared, each set up to serve everybody who asks, on plain TCP."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request
import uuid
import xmlrpc.client

import clients
import network
from clients.base import Client
from process import wait_until
from sandbox import seconds

PEERS_MAX = 8192


class Spate(clients.Spate):
    """One core thread, every peer unchoked."""

    def __init__(self, sandbox, ip=None, core=None):
        super().__init__(sandbox, ip, core, options=["--no-tracker", "--max-peers", PEERS_MAX])

    def start_command(self, command, *words):
        slots = ["--upload-slots", "unlimited"] if command == "seed" else []
        return super().start_command(command, *words, *slots)

    @staticmethod
    def version():
        return _printed_version([clients.spate.binary(), "--version"])


class Transmission(clients.Transmission):
    """Its own upload slots are 8 in the interface and 14 in the file; here there are as many as peers."""

    MORE_SETTINGS = {"peer-limit-per-torrent": PEERS_MAX, "peer-limit-global": PEERS_MAX,
                     "upload-slots-per-torrent": PEERS_MAX}

    @staticmethod
    def version():
        return _printed_version(["transmission-daemon", "--version"])


class Aria2(clients.Aria2):
    """It has no setting for its upload slots."""

    @staticmethod
    def version():
        return _printed_version(["aria2c", "--version"])


class Libtorrent(clients.Libtorrent):
    """Through its Python binding."""

    MORE_SETTINGS = {"connections_limit": PEERS_MAX, "unchoke_slots_limit": -1, "max_allowed_in_request_queue": 4096}

    @staticmethod
    def version():
        try:
            import libtorrent
        except ImportError:
            return None
        return libtorrent.version


class Rtorrent(Client):
    """Driven over its SCGI socket."""

    NAME = "rtorrent"
    PACKAGE = "rtorrent"
    _READY_S = 60

    @staticmethod
    def version():
        return _printed_version(["rtorrent", "-h"])

    def seed(self, torrent, data_dir):
        self._launch(torrent, data_dir)
        wait_until(lambda: self._is_complete() and self._ask("d.is_hash_checking") == 0, seconds(self._READY_S),
                   "rtorrent to check its data")

    def download(self, torrent, out_dir, peers=()):
        self._launch(torrent, out_dir)
        wait_until(lambda: self._ask("d.is_active") == 1, seconds(self._READY_S), "rtorrent to start")

    def wait_complete(self, timeout_s):
        wait_until(self._is_complete, timeout_s, "rtorrent to complete", interval_s=0.05)

    def _launch(self, torrent, directory):
        self._info_hash = torrent.info_hash.upper()
        self._socket_path = self.dir / "scgi"
        rc = [
            f"directory.default.set = {directory}", f"session.path.set = {self.dir}",
            f"network.bind_address.set = {self.ip}", f"network.port_range.set = {self.port}-{self.port}",
            "network.port_random.set = no", "dht.mode.set = off", "protocol.pex.set = no",
            "trackers.use_udp.set = no", f"throttle.max_uploads.set = {PEERS_MAX}",
            f"throttle.max_peers.normal.set = {PEERS_MAX}", f"throttle.max_peers.seed.set = {PEERS_MAX}",
            "throttle.max_uploads.global.set = 0", "throttle.max_downloads.global.set = 0",
            f"network.scgi.open_local = {self._socket_path}", "system.daemon.set = true",
            f"load.start = {torrent.path}",
        ]
        path = self.dir / "rtorrent.rc"
        path.write_text("\n".join(rc) + "\n")
        self.start(["rtorrent", "-n", "-o", f"import={path}"], env={"HOME": str(self.dir)})
        wait_until(self._answers, seconds(self._READY_S), "rtorrent to answer")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"rtorrent exited with {self.process.exit_code}")
        try:
            return self._ask("d.is_open") is not None
        except (OSError, xmlrpc.client.Fault):
            return False

    def _is_complete(self):
        return self._ask("d.complete") == 1

    def _ask(self, method):
        """An XML-RPC call about the torrent, in SCGI's netstrings."""
        body = xmlrpc.client.dumps((self._info_hash,), method).encode()
        headers = b"".join(part + b"\0" for part in (b"CONTENT_LENGTH", str(len(body)).encode(), b"SCGI", b"1"))
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(str(self._socket_path))
            connection.sendall(str(len(headers)).encode() + b":" + headers + b"," + body)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        return xmlrpc.client.loads(answer.partition(b"\r\n\r\n")[2])[0][0]


class QBittorrent(Client):
    """qbittorrent-nox, driven over its web interface."""

    NAME = "qbittorrent"
    PACKAGE = "qbittorrent-nox"

    @staticmethod
    def version():
        return _printed_version(["qbittorrent-nox", "--version"])

    def seed(self, torrent, data_dir):
        self._add(torrent, data_dir, skip_checking="true")
        wait_until(lambda: self._torrent().get("state") in ("uploading", "stalledUP"), seconds(60),
                   "qbittorrent to seed")

    def download(self, torrent, out_dir, peers=()):
        self._add(torrent, out_dir)
        wait_until(lambda: self._torrent().get("state") in ("downloading", "stalledDL"), seconds(60),
                   "qbittorrent to start")

    def wait_complete(self, timeout_s):
        wait_until(lambda: self._torrent().get("progress") == 1, timeout_s, "qbittorrent to complete", interval_s=0.1)

    def _add(self, torrent, directory, **fields):
        self._launch()
        fields = {"savepath": str(directory), "root_folder": "false", "paused": "false", **fields}
        boundary = uuid.uuid4().hex
        parts = [f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
                 for name, value in fields.items()]
        parts.append(f'--{boundary}\r\nContent-Disposition: form-data; name="torrents"; filename="t.torrent"\r\n'
                     "Content-Type: application/x-bittorrent\r\n\r\n".encode() + torrent.path.read_bytes() + b"\r\n")
        self._call("torrents/add", b"".join(parts) + f"--{boundary}--\r\n".encode(),
                   f"multipart/form-data; boundary={boundary}")
        wait_until(self._torrent, seconds(30), "qbittorrent to list the torrent")

    def _launch(self):
        self._web_port = network.free_port("127.0.0.1")
        settings = {
            "LegalNotice": {"Accepted": "true"},
            "Preferences": {"WebUI\\Address": "127.0.0.1", "WebUI\\Port": self._web_port,
                            "WebUI\\LocalHostAuth": "false", "WebUI\\HostHeaderValidation": "false"},
            "BitTorrent": {
                "Session\\Port": self.port, "Session\\Interface": "lo", "Session\\InterfaceAddress": self.ip,
                "Session\\DHTEnabled": "false", "Session\\LSDEnabled": "false", "Session\\PeXEnabled": "false",
                "Session\\BTProtocol": "TCP", "Session\\QueueingSystemEnabled": "false",
                "Session\\MultiConnectionsPerIp": "true", "Session\\MaxConnections": -1,
                "Session\\MaxConnectionsPerTorrent": -1, "Session\\MaxUploads": -1,
                "Session\\MaxUploadsPerTorrent": -1, "Session\\IgnoreLimitsOnLAN": "true",
            },
        }
        folder = self.dir / "qBittorrent/config"
        folder.mkdir(parents=True)
        text = "".join(f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in section.items()) + "\n"
                       for name, section in settings.items())
        (folder / "qBittorrent.conf").write_text(text)
        self.start(["qbittorrent-nox", f"--profile={self.dir}"], env={"HOME": str(self.dir)})
        wait_until(self._answers, seconds(30), "qbittorrent's web interface")

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"qbittorrent-nox exited with {self.process.exit_code}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            return bool(self._call("app/version"))
        return False

    def _torrent(self):
        listed = json.loads(self._call("torrents/info"))
        return listed[0] if listed else {}

    def _call(self, path, body=None, content_type=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self._web_port}/api/v2/{path}", body)
        if content_type:
            request.add_header("Content-Type", content_type)
        with _DIRECT.open(request, timeout=10) as response:
            return response.read()


# Never through a proxy of the environment.
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))

ALL = {subject.NAME: subject for subject in (Spate, Transmission, Aria2, Libtorrent, Rtorrent, QBittorrent)}


def versions():
    """Name -> version, None where the client is not installed."""
    return {name: subject.version() for name, subject in ALL.items()}


def _printed_version(command):
    if not (shutil.which(command[0]) or os.access(command[0], os.X_OK)):
        return None
    done = subprocess.run(command, capture_output=True, text=True, timeout=20,
                          env={**os.environ, "QT_QPA_PLATFORM": "offscreen"})
    words = (done.stdout + done.stderr).replace("version", " ").split()
    return next((word.strip("v.,") for word in words if word.strip("v.")[:1].isdigit()), "?")
