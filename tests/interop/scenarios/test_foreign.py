"""The harness proves itself: the foreign clients among themselves, without spate."""

import data
from clients import Aria2, Libtorrent, Transmission
from scenario import Scenario


class ForeignClients(Scenario):
    def test_each_seeds_once_and_downloads_once_over_opentracker(self):
        tracker = self.open_tracker()
        transfers = [
            self.begin_transfer(Libtorrent(self.box), Aria2(self.box), data.single(), tracker),
            self.begin_transfer(Aria2(self.box), Transmission(self.box), data.many_files(), tracker),
            self.begin_transfer(Transmission(self.box), Libtorrent(self.box), data.short_last_piece(), tracker),
        ]
        for transfer in transfers:
            transfer.finish()
