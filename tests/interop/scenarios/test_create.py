"""Torrents made by each creator are the same torrents to everybody."""

import data
from clients import spate
from scenario import Scenario, noting


class Creators(Scenario):
    def test_spate_creates_what_the_oracle_creates(self):
        for shape in (data.single(size_bytes=3 * data.MIB), data.many_files(), data.large_pieces()):
            with noting(shape.name):
                _, root, wanted = self.make(shape)
                out = self.box.dir / "created.torrent"
                code, _, err = spate.run("create", root, "-o", out, "--piece-size", f"{shape.piece_bytes // data.KIB}K",
                                         "--tracker", "http://10.77.0.1:1/announce", "--json")
                self.assertEqual(code, 0, err)
                created = data.Torrent(out)
                self.assertEqual(created.info[b"pieces"], wanted.info[b"pieces"])
                self.assertEqual(created.info_hash, wanted.info_hash)
                self.assertEqual(created.trackers, ["http://10.77.0.1:1/announce"])

    def test_spate_reads_what_the_others_create(self):
        shape = data.many_files()
        root = shape.make(self.box.subdir("data"))
        for name, create in data.FOREIGN_CREATORS.items():
            with noting(name):
                torrent = create(root, self.box.dir / f"{name}.torrent", shape.piece_bytes,
                                 ["http://10.77.0.1:1/announce"])
                code, objects, err = spate.run("show", torrent.path, "--json")
                self.assertEqual(code, 0, err)
                shown = objects[0]
                self.assertEqual(shown["info_hash"], torrent.info_hash)
                self.assertEqual(shown["piece_count"], torrent.piece_count)
                self.assertEqual(shown["piece_length"], shape.piece_bytes)
                self.assertEqual(shown["total_bytes"], torrent.total_bytes)
                self.assertEqual(spate.run("verify", torrent.path, root.parent, "--json")[0], 0)

    def test_verify_names_the_bad_piece_and_exits_3(self):
        folder, root, torrent = self.make(data.many_files())
        with open(root / "prime.bin", "r+b") as file:
            file.seek(500_000)
            file.write(b"\0" * 8)
        code, objects, _ = spate.run("verify", torrent.path, folder, "--json")
        self.assertEqual(code, spate.EXIT_BAD_DATA)
        verified = next(event for event in objects if event["event"] == "verified")
        self.assertEqual(verified["pieces"], torrent.piece_count)
        self.assertEqual(len(verified["bad_pieces"]), 1)
