"""Torrents without a v1 part, and hybrids, between spate and libtorrent, both directions (BEP 52)."""

import data
from clients import Libtorrent, Spate, spate
from scenario import Scenario, Transfer, noting


class V2Transfer(Scenario):
    """Each end checks what it gets by the merkle trees; pieces end with their files."""

    def begin(self, seeder, leecher, version, data_set):
        folder = self.box.subdir("data")
        root = data_set.make(folder)
        path = self.box.dir / f"{folder.name}.torrent"
        code, _, err = spate.run("create", root, version, "-o", path, "--json", "--tracker", self.tracker.http_url,
                                 "--piece-size", f"{data_set.piece_bytes // data.KIB}K")
        self.assertEqual(code, 0, err)
        torrent = data.Torrent(path)
        seeder.seed(torrent, folder)
        out = self.box.subdir("out")
        leecher.download(torrent, out)
        return Transfer(self, seeder, leecher, torrent, root, out / root.name)

    def test_both_directions(self):
        self.tracker = self.spate_tracker()
        pairs = [(Spate, Libtorrent), (Libtorrent, Spate), (Spate, Spate)]
        transfers = [(version, self.begin(seeder(self.box), leecher(self.box), version,
                                          data.many_files(f"{version[2:]}-{number}")))
                     for version in ("--v2", "--hybrid") for number, (seeder, leecher) in enumerate(pairs)]
        for version, transfer in transfers:
            with noting(version):
                transfer.finish()
