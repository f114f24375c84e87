"""spate with transmission, both directions."""

import pair
from clients import Transmission


class WithTransmission(pair.Pair):
    FOREIGN = Transmission
