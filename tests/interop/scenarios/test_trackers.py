"""The ways to find each other: embedded tracker, UDP, opentracker, peers given by hand, IPv6, magnets."""

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
