"""Every shape of data, from spate and to spate, against libtorrent (the quickest of the foreign clients)."""

import data
from clients import Libtorrent, Spate
from scenario import Scenario

_SHAPES = (data.single(), data.many_files(), data.short_last_piece(), data.small_pieces(), data.large_pieces())


class Shapes(Scenario):
    def test_spate_to_libtorrent(self):
        tracker = self.spate_tracker()
        for cores, shape in enumerate(_SHAPES):
            with self.subTest(shape.name):
                self.transfer(Spate(self.box, cores=1 + cores % 2), Libtorrent(self.box), shape, tracker)

    def test_libtorrent_to_spate(self):
        tracker = self.spate_tracker()
        for cores, shape in enumerate(_SHAPES):
            with self.subTest(shape.name):
                self.transfer(Libtorrent(self.box), Spate(self.box, cores=1 + cores % 2), shape, tracker)

    def test_spate_to_spate(self):
        tracker = self.spate_tracker()
        for cores, shape in enumerate(_SHAPES):
            with self.subTest(shape.name):
                self.transfer(Spate(self.box, cores=1 + cores % 2), Spate(self.box, cores=2 - cores % 2), shape, tracker)
