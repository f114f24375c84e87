"""spate with libtorrent, both directions."""

import pair
from clients import Libtorrent


class WithLibtorrent(pair.Pair):
    FOREIGN = Libtorrent
