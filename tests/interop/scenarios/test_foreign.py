"""The harness proves itself: the foreign clients among themselves, without spate."""

import data
from clients import Aria2, Libtorrent, Transmission
from scenario import Scenario


class ForeignClients(Scenario):
    """Each seeds once and downloads once, over opentracker."""

    def over_opentracker(self, seeder, leecher, data_set):
        self.transfer(seeder(self.box), leecher(self.box), data_set, self.open_tracker())

    def test_libtorrent_to_aria2(self):
        self.over_opentracker(Libtorrent, Aria2, data.single())

    def test_aria2_to_transmission(self):
        self.over_opentracker(Aria2, Transmission, data.many_files())

    def test_transmission_to_libtorrent(self):
        self.over_opentracker(Transmission, Libtorrent, data.short_last_piece())
