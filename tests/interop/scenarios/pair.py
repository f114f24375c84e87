"""spate and one foreign client, both directions: the body of test_transmission, test_aria2 and test_libtorrent."""

import data
from clients import Spate
from scenario import Scenario


class Pair(Scenario):
    """Subclasses name the foreign client. spate's tracker brings the two together."""

    FOREIGN = None

    def test_spate_seeds_many_files_on_one_core(self):
        seeder = Spate(self.box, cores=1)
        torrent, _ = self.transfer(seeder, self.FOREIGN(self.box), data.many_files(), self.spate_tracker())
        self.assert_uploaded(seeder, torrent)

    def test_spate_seeds_a_short_last_piece_on_two_cores(self):
        seeder = Spate(self.box, cores=2)
        torrent, _ = self.transfer(seeder, self.FOREIGN(self.box), data.short_last_piece(), self.spate_tracker())
        self.assert_uploaded(seeder, torrent)

    def test_spate_downloads_many_files_on_one_core(self):
        leecher = Spate(self.box, cores=1)
        torrent, _ = self.transfer(self.FOREIGN(self.box), leecher, data.many_files(), self.spate_tracker())
        self.assert_downloaded(leecher, torrent)

    def test_spate_downloads_a_single_file_on_two_cores(self):
        leecher = Spate(self.box, cores=2)
        torrent, _ = self.transfer(self.FOREIGN(self.box), leecher, data.single(), self.spate_tracker())
        self.assert_downloaded(leecher, torrent)

    def assert_uploaded(self, seeder, torrent):
        """The seed, stopped by SIGTERM, accounts for every byte."""
        seeder.stop()
        self.assertGreaterEqual(seeder.summary()["bytes_up"], torrent.total_bytes)

    def assert_downloaded(self, leecher, torrent):
        """One source, no interruption: nothing is fetched twice but the endgame's few blocks."""
        self.assertEqual(leecher.events("complete")[0]["bytes"], torrent.total_bytes)
        fetched_bytes = leecher.summary()["bytes_down"]
        self.assertGreaterEqual(fetched_bytes, torrent.total_bytes)
        self.assertLessEqual(fetched_bytes, torrent.total_bytes + torrent.piece_bytes)
