"""Ctrl-C and SIGTERM: state saved, tracker told `stopped`, the exit codes that scripts rely on."""

import http.server
import signal
import threading
import urllib.parse

import bencode
import data
import network
from clients import Spate, spate
from process import wait_until
from sandbox import seconds
from scenario import Scenario


class RecordingTracker:
    """An HTTP tracker without peers that remembers every announce's parameters."""

    def __init__(self, ip):
        self.announces = []
        recorder = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query, encoding="latin-1")
                recorder.announces.append({key: values[0] for key, values in query.items()})
                body = bencode.encode({"interval": 1800, "peers": b""})
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer((ip, network.free_port(ip)), Handler)
        self.url = f"http://{ip}:{self._server.server_address[1]}/announce"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def events(self):
        return [announce.get("event") for announce in self.announces]

    def abandon(self):
        self._server.shutdown()
        self._server.server_close()


class Signals(Scenario):
    def test_ctrl_c_during_a_download_saves_tells_the_tracker_and_exits_130(self):
        self.interrupted_download(signal.SIGINT)

    def test_sigterm_during_a_download_saves_and_tells_the_tracker(self):
        self.interrupted_download(signal.SIGTERM)

    def test_ctrl_c_during_a_seed_tells_the_tracker_and_exits_130(self):
        tracker = self.tracker()
        folder, _, torrent = self.make(data.single(size_bytes=data.MIB), [tracker.url])
        seeder = Spate(self.box)
        seeder.seed(torrent, folder)
        wait_until(lambda: "started" in tracker.events(), seconds(10), "the `started` announce")
        self.assertEqual(seeder.interrupt(), spate.EXIT_INTERRUPTED)
        self.assertEqual(tracker.events()[-1], "stopped")
        self.assertEqual(seeder.summary()["event"], "summary")

    def test_a_finished_download_says_completed_and_its_announces_are_sound(self):
        tracker = self.tracker()
        seeder, leecher, torrent, root, out = self.download_from(tracker)
        leecher.wait_complete(seconds(30))
        own = [a for a in tracker.announces if a["port"] == str(leecher.port)]
        self.assertEqual([a.get("event") for a in own if a.get("event")], ["started", "completed", "stopped"])
        for announce in own:
            self.assertEqual(announce["info_hash"].encode("latin-1").hex(), torrent.info_hash)
            self.assertEqual(len(announce["peer_id"].encode("latin-1")), 20)
        self.assertEqual(own[0]["left"], str(torrent.total_bytes))
        self.assertEqual(own[-1]["left"], "0")
        self.assertGreaterEqual(int(own[-1]["downloaded"]), torrent.total_bytes)

    def interrupted_download(self, number):
        tracker = self.tracker()
        seeder, leecher, torrent, root, out = self.download_from(tracker, "--down", "8M")
        leecher.wait_event("progress", 20, lambda e: e["state"] == "downloading" and e["done_bytes"] > 2 * data.MIB)
        code = leecher.process.stop(number, timeout_s=seconds(15))
        self.assertEqual(code, spate.EXIT_INTERRUPTED)
        own = [a.get("event") for a in tracker.announces if a["port"] == str(leecher.port)]
        self.assertEqual((own[0], own[-1]), ("started", "stopped"))
        before_bytes = leecher.summary()["bytes_down"]
        again = Spate(self.box)
        again.download(torrent, out, [seeder.peer])
        again.wait_complete(seconds(30))
        self.assert_same(root, out / root.name)
        self.assertLessEqual(before_bytes + again.summary()["bytes_down"], torrent.total_bytes + 4 * data.MIB)

    def download_from(self, tracker, *options):
        folder, root, torrent = self.make(data.single(size_bytes=32 * data.MIB), [tracker.url])
        seeder = Spate(self.box)
        seeder.seed(torrent, folder)
        leecher, out = Spate(self.box), self.box.subdir("out")
        leecher.download(torrent, out, [seeder.peer], options)
        return seeder, leecher, torrent, root, out

    def tracker(self):
        tracker = RecordingTracker(network.BASE_IP)
        self.box.clients.append(tracker)
        return tracker
