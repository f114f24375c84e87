"""Magnet links of v2-only torrents: metadata by BEP 9, piece layers by BEP 52's hash requests, both directions."""

import shutil

import data
from clients import Libtorrent, Spate, spate
from scenario import TRANSFER_TIMEOUT_S, Scenario
from sandbox import seconds


def layered():
    """Thousands of pieces (several requests), two pieces, exactly one, and less."""
    return data.DataSet("v2-layers", 16 * data.KIB, (
        ("long.bin", 40 * data.MIB + 4321),
        ("a/just over 512 pieces.bin", 8 * data.MIB + 1),
        ("a/two pieces.bin", 16 * data.KIB + 1),
        ("b/one piece.bin", 16 * data.KIB),
        ("b/short.bin", 777),
        ("empty.txt", 0),
    ))


class V2Magnet(Scenario):
    """The .torrent stays with the seed."""

    def begin(self, version="--v2"):
        self.folder = self.box.subdir("data")
        self.root = layered().make(self.folder)
        path = self.box.dir / "layers.torrent"
        tracker = self.spate_tracker()
        code, _, err = spate.run("create", self.root, version, "-o", path, "--json", "--tracker", tracker.http_url,
                                 "--piece-size", "16K")
        self.assertEqual(code, 0, err)
        self.torrent = data.Torrent(path)
        self.out = self.box.subdir("out")

    def exchange(self, seeder, leecher, magnet=None):
        seeder.seed(self.torrent, self.folder)
        leecher.download_magnet(magnet or self.torrent.magnet_v2(), self.out)
        leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(self.root, self.out / self.root.name)

    def test_spate_gets_it_from_libtorrent(self):
        self.begin()
        self.exchange(Libtorrent(self.box), Spate(self.box))

    def test_libtorrent_gets_it_from_spate(self):
        self.begin()
        self.exchange(Spate(self.box, cores=2), Libtorrent(self.box))

    def test_spate_gets_it_from_spate_and_knows_it_from_then_on(self):
        self.begin()
        seeder = Spate(self.box)
        self.exchange(seeder, Spate(self.box, cores=2))
        seeder.stop()
        (self.out / self.root.name / "b/short.bin").unlink()
        again = Spate(self.box)
        again.download_magnet(self.torrent.magnet_v2(), self.out)
        again.wait_event("ready", 30)
        progress = again.wait_event("progress", 30, lambda event: event["state"] == "downloading")
        self.assertEqual(progress["total_bytes"], self.torrent.total_bytes, "known without a peer")
        self.assertEqual(again.interrupt(), spate.EXIT_INTERRUPTED)

        shutil.rmtree(self.out / ".spate")
        lost = Spate(self.box)
        lost.download_magnet(self.torrent.magnet_v2(), self.out)
        lost.wait_event("progress", 30, lambda event: event["state"] == "metadata")
        self.assertEqual(lost.interrupt(), spate.EXIT_INTERRUPTED)

    def test_a_hybrid_is_found_by_its_v2_hash_alone_and_checked_against_both(self):
        self.begin("--hybrid")
        seeder = Spate(self.box)
        seeder.seed(self.torrent, self.folder)
        leecher = Spate(self.box)
        leecher.download_magnet(self.torrent.magnet_v2(), self.out, peers=[seeder.peer])
        leecher.wait_complete(seconds(TRANSFER_TIMEOUT_S))
        self.assert_same(self.root, self.out / self.root.name)

        wrong = f"{self.torrent.magnet()}&xt=urn:btmh:1220{'ab' * 32}"
        doubter = Spate(self.box)
        doubter.download_magnet(wrong, self.box.subdir("wrong"), peers=[seeder.peer])
        doubter.wait_event("progress", 30, lambda event: event["t"] > 3)
        self.assertEqual({event["state"] for event in doubter.events("progress")}, {"metadata"})
        self.assertEqual(doubter.interrupt(), spate.EXIT_INTERRUPTED)
        self.assertEqual(doubter.summary()["ledger"]["drops"]["false_data"], 1, "the seed's dictionary isn't the one")
