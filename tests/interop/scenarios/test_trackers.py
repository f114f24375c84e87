"""The ways to find each other: embedded tracker, UDP, opentracker, peers given by hand, IPv6, magnets."""

import http.server
import threading
import unittest

import data
import network
from clients import Aria2, Libtorrent, Spate, spate
from scenario import TRANSFER_TIMEOUT_S, Scenario, noting
from sandbox import seconds


class Trackers(Scenario):
    def test_seeding_a_folder_embeds_a_tracker_that_others_use(self):
        root = data.many_files().make(self.box.subdir("data"))
        seeder = Spate(self.box)
        ready = seeder.seed_path(root)
        torrent = data.Torrent(ready["torrent"])
        self.assertEqual(ready["info_hash"], torrent.info_hash)
        self.assertTrue(torrent.trackers, "the .torrent names the embedded tracker")
        for client in (Aria2, Libtorrent, Spate):
            with noting(client.NAME):
                self.fetch(client(self.box), torrent, root)

    def test_udp_announces_reach_spates_tracker(self):
        tracker = self.spate_tracker()
        self.transfer(Libtorrent(self.box), Spate(self.box), data.single(), tracker, tracker.udp_url)
        self.transfer(Spate(self.box), Libtorrent(self.box), data.small_pieces(), tracker, tracker.udp_url)

    def test_opentracker_over_http_and_udp(self):
        tracker = self.open_tracker()
        self.transfer(Spate(self.box), Libtorrent(self.box), data.single(), tracker, tracker.http_url)
        self.transfer(Libtorrent(self.box), Spate(self.box), data.small_pieces(), tracker, tracker.udp_url)

    def test_a_dead_tracker_does_not_stop_peers_given_by_hand(self):
        dead = f"http://10.77.0.1:{network.free_port('10.77.0.1')}/announce"
        folder, root, torrent = self.make(data.single(), [dead])
        seeder = Libtorrent(self.box)
        seeder.seed(torrent, folder)
        self.fetch(Spate(self.box), torrent, root, peers=[seeder.peer])

    def test_the_loopback_sandbox_admits_127(self):
        folder, root, torrent = self.make(data.single())
        seeder = Spate(self.box, ip="127.0.0.1", options=["--sandbox-loopback"])
        seeder.seed(torrent, folder)
        self.fetch(Spate(self.box, ip="127.0.0.1", options=["--sandbox-loopback"]), torrent, root,
                   peers=[seeder.peer])

    @unittest.skipUnless(network.has_ipv6(), "no IPv6 in this container")
    def test_ipv6(self):
        tracker = self.spate_tracker(network.BASE_IP6)
        self.transfer(Spate(self.box, ip=network.BASE_IP6), Libtorrent(self.box, ip=network.BASE_IP6),
                      data.single(), tracker)
        self.transfer(Libtorrent(self.box, ip=network.BASE_IP6), Spate(self.box, ip=network.BASE_IP6),
                      data.many_files(), tracker)

    def fetch(self, leecher, torrent, root, peers=()):
        """One more leecher; asserts that its copy is identical."""
        out = self.box.subdir("out")
        leecher.download(torrent, out, peers=peers)
        leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(root, out / root.name)


class Pages:
    """A web server of this machine that has nothing to do with BitTorrent; counts what it is asked."""

    def __init__(self):
        self.asked = asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.path)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Strangers(Scenario):
    """A torrent's word sends us to trackers and peers, and to nothing else of this machine."""

    def setUp(self):
        self.pages = Pages()
        self.addCleanup(self.pages.close)

    def get(self, announce, options=()):
        _, _, torrent = self.make(data.single(), [announce])
        leecher = Spate(self.box, ip="127.0.0.1")
        leecher.download(torrent, self.box.subdir("out"), options=options)
        return leecher

    def test_a_torrents_announce_reaches_no_page_and_is_warned_of_once(self):
        for announce in (f"http://{self.pages.address}/api/shutdown?confirm=yes&x=",
                         f"http://{self.pages.address}/announce?confirm=yes&x=",
                         f"http://localhost:{self.pages.server.server_port}/api/shutdown"):
            with noting(announce):
                leecher = self.get(announce)
                warning = leecher.wait_event("warning", 20)
                self.assertIn("--tracker", warning["message"])
                leecher.interrupt()
                self.assertEqual(len(leecher.events("warning")), 1)
                self.assertEqual(self.pages.asked, [])

    def test_the_same_url_is_asked_when_the_user_names_it(self):
        url = f"http://{self.pages.address}/api/tracker?key=1"
        leecher = self.get(url, ["--tracker", url])
        leecher.wait_event("warning", 20)  # its answer is none
        leecher.interrupt()
        self.assertTrue(self.pages.asked and self.pages.asked[0].startswith("/api/tracker?key=1&info_hash="))


class Magnets(Scenario):
    """Metadata over BEP 9; absent from `--help` until it is built."""

    def setUp(self):
        if "magnet" not in spate.help_text("get").lower():
            self.skipTest("`spate get --help` does not offer magnets")

    def test_spate_gets_a_magnet_from_libtorrent(self):
        self.exchange(Libtorrent, Spate)

    def test_libtorrent_gets_a_magnet_from_spate(self):
        self.exchange(Spate, Libtorrent)

    def exchange(self, seeder_type, leecher_type):
        tracker = self.spate_tracker()
        folder, root, torrent = self.make(data.many_files(), [tracker.http_url])
        seeder = seeder_type(self.box)
        seeder.seed(torrent, folder)
        leecher, out = leecher_type(self.box), self.box.subdir("out")
        leecher.download_magnet(torrent.magnet(), out)
        leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(root, out / root.name)
