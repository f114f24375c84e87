"""The programs under test, one file each, all with the interface of `clients.base.Client`."""

from clients.aria2 import Aria2
from clients.libtorrent_client import Libtorrent, LibtorrentCrowd
from clients.opentracker import OpenTracker
from clients.spate import Spate, SpateTracker
from clients.transmission import Transmission

FOREIGN = {client.NAME: client for client in (Transmission, Aria2, Libtorrent)}
ALL = {**FOREIGN, Spate.NAME: Spate}

__all__ = [
    "ALL", "Aria2", "FOREIGN", "Libtorrent", "LibtorrentCrowd", "OpenTracker", "Spate", "SpateTracker", "Transmission",
]
