"""spate with aria2, both directions."""

import pair
from clients import Aria2


class WithAria2(pair.Pair):
    FOREIGN = Aria2
