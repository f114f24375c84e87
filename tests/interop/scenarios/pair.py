"""spate and one foreign client: the body of test_transmission, test_aria2 and test_libtorrent."""

import data
from clients import Spate
from scenario import Scenario


class Pair(Scenario):
    """Subclasses name the foreign client. spate's tracker brings the two together.

    The four transfers run side by side, because most of their time is the foreign client's choking.
    """

    FOREIGN = None

    def test_both_directions_on_one_core_and_on_two(self):
        tracker = self.spate_tracker()
        uploads = [
            self.begin_transfer(Spate(self.box, cores=1), self.FOREIGN(self.box), data.many_files("up"), tracker),
            self.begin_transfer(Spate(self.box, cores=2), self.FOREIGN(self.box), data.short_last_piece(), tracker),
        ]
        downloads = [
            self.begin_transfer(self.FOREIGN(self.box), Spate(self.box, cores=1), data.many_files("down"), tracker),
            self.begin_transfer(self.FOREIGN(self.box), Spate(self.box, cores=2), data.single(), tracker),
        ]
        for upload in uploads:
            self.check_upload(upload)
        for download in downloads:
            self.check_download(download)

    def check_upload(self, transfer):
        """The seed, stopped by SIGTERM, accounts for every byte."""
        torrent = transfer.finish()
        transfer.seeder.stop()
        self.assertGreaterEqual(transfer.seeder.summary()["bytes_up"], torrent.total_bytes)

    def check_download(self, transfer):
        """One source, no interruption: nothing is fetched twice but the endgame's few blocks."""
        torrent = transfer.finish()
        self.assertEqual(transfer.leecher.events("complete")[0]["bytes"], torrent.total_bytes)
        fetched_bytes = transfer.leecher.summary()["bytes_down"]
        self.assertGreaterEqual(fetched_bytes, torrent.total_bytes)
        self.assertLessEqual(fetched_bytes, torrent.total_bytes + torrent.piece_bytes)
