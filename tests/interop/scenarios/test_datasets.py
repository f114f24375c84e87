"""Every shape of data, from spate and to spate, against libtorrent (the quickest of the foreign clients)."""

import data
from clients import Libtorrent, Spate
from scenario import Scenario

_SHAPES = (data.single(), data.many_files(), data.short_last_piece(), data.small_pieces(), data.large_pieces())


class Shapes(Scenario):
    """One core and two take turns."""

    def test_spate_to_libtorrent(self):
        self.move_every_shape(lambda cores: (Spate(self.box, cores=cores), Libtorrent(self.box)))

    def test_libtorrent_to_spate(self):
        self.move_every_shape(lambda cores: (Libtorrent(self.box), Spate(self.box, cores=cores)))

    def test_spate_to_spate(self):
        self.move_every_shape(lambda cores: (Spate(self.box, cores=cores), Spate(self.box, cores=3 - cores)))

    def move_every_shape(self, ends):
        tracker = self.spate_tracker()
        transfers = [self.begin_transfer(*ends(1 + number % 2), shape, tracker) for number, shape in enumerate(_SHAPES)]
        for transfer in transfers:
            transfer.finish()
