"""A seed that sends without copying: the same bytes, and no memory lost to a peer that stops reading."""

import platform
import signal
import unittest

import data
from clients import Libtorrent, Spate, spate
from process import wait_until
from sandbox import seconds
from scenario import TRANSFER_TIMEOUT_S, Scenario

KERNEL = tuple(int(number) for number in platform.release().split(".")[:2])


@unittest.skipUnless(KERNEL >= (6, 1), "Linux 6.1 sends without copying")
class ZeroCopy(Scenario):
    def start_seed(self):
        self.folder, self.root, self.torrent = self.make(data.single("uncopied.bin", 48 * data.MIB))
        self.seeder = Spate(self.box, options=["--zero-copy", "on"])
        self.seeder.seed(self.torrent, self.folder)

    def test_two_clients_get_the_same_bytes(self):
        self.start_seed()
        for client in (Libtorrent(self.box), Spate(self.box)):
            out = self.box.subdir("out")
            client.download(self.torrent, out, [self.seeder.peer])
            client.wait_complete(seconds(TRANSFER_TIMEOUT_S))
            self.assert_same(self.root, out / self.root.name)
        self.assertEqual(self.seeder.interrupt(), spate.EXIT_INTERRUPTED)
        self.assertGreater(self.seeder.summary()["ledger"]["total"]["zero_copy_sends"], 0)

    def test_it_ends_at_once_though_a_peer_has_stopped_reading(self):
        self.start_seed()
        sleeper = Spate(self.box)
        sleeper.download(self.torrent, self.box.subdir("out"), [self.seeder.peer], ["--down", "2M"])
        sleeper.wait_event("progress", 20, lambda event: event["done_bytes"] > 0)
        sleeper.process.send(signal.SIGSTOP)
        try:
            self.wait_until_nothing_is_taken()
            self.assertEqual(self.seeder.interrupt(), spate.EXIT_INTERRUPTED)
        finally:
            sleeper.process.send(signal.SIGCONT)

    def wait_until_nothing_is_taken(self):
        def sent():
            return [event["up_bytes_per_s"] for event in self.seeder.events("progress")][-3:]
        wait_until(sent, seconds(20), "the sleeper's buffers to fill",
                   accept=lambda rates: len(rates) == 3 and max(rates) < 100_000)
