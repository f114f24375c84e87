"""2 GiB between spate and each client, both directions, on one core and on two. Minutes: not in the usual run."""

import shutil

import data
from clients import FOREIGN, Spate
from sandbox import seconds
from scenario import Scenario, noting

LARGE_TIMEOUT_S = 300


class TwoGiB(Scenario):
    """The data set is made once a test; each copy is compared by SHA-256 and removed."""

    def test_spate_to_spate(self):
        self.move_all((Spate, Spate))

    def test_spate_to_foreign_clients(self):
        self.move_all(*((Spate, foreign) for foreign in FOREIGN.values()))

    def test_foreign_clients_to_spate(self):
        self.move_all(*((foreign, Spate) for foreign in FOREIGN.values()))

    def move_all(self, *pairs):
        tracker = self.spate_tracker()
        self.folder, self.root, self.torrent = self.make(
            data.single("large.bin", 2 * data.GIB, 256 * data.KIB), [tracker.http_url])
        for seeder_type, leecher_type in pairs:
            for cores in (1, 2):
                with noting(f"{seeder_type.NAME} to {leecher_type.NAME}, {cores} cores"):
                    self.move(self.client(seeder_type, cores), self.client(leecher_type, cores))

    def client(self, client_type, cores):
        return Spate(self.box, cores=cores) if client_type is Spate else client_type(self.box)

    def move(self, seeder, leecher):
        seeder.seed(self.torrent, self.folder)
        out = self.box.subdir("out")
        leecher.download(self.torrent, out)
        leecher.wait_complete(seconds(LARGE_TIMEOUT_S))
        leecher.stop()
        seeder.stop()
        self.assert_same(self.root, out / self.root.name)
        shutil.rmtree(out)
