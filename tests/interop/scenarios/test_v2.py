"""BitTorrent v2 and hybrid torrents (BEP 52): ours and libtorrent's are the same, and each verifies the other's."""

import hashlib
import os
import stat
from pathlib import Path

import bencode
import data
import libtorrent as lt
from clients import spate
from process import wait_until
from sandbox import seconds
from scenario import Scenario, noting

VERSIONS = {"--v2": lt.create_torrent.v2_only, "--hybrid": 0}


def odd_files(name="odd-files", piece_bytes=64 * data.KIB):
    """Every shape that a file's tree can have: empty, part of a leaf, leaves, a piece, pieces."""
    return data.DataSet(name, piece_bytes, (
        ("a/empty.txt", 0),
        ("a/one-byte.bin", 1),
        ("a.b/below-a-leaf.bin", 16 * data.KIB - 1),
        ("a.b/leaf.bin", 16 * data.KIB),
        ("a.b/three-leaves.bin", 40_000),
        ("piece.bin", 64 * data.KIB),
        ("two-pieces.bin", 128 * data.KIB),
        ("z/large.bin", 3 * data.MIB + 17),
        ("z/larger.bin", 1_299_709),
        ("z/Zürich – 東京 ☃.dat", 77_777),
    ))


def shapes():
    yield odd_files()
    yield odd_files("odd-files-16k", 16 * data.KIB)
    yield data.single("v2-single.bin", 5 * data.MIB + 4321, 256 * data.KIB)
    yield data.single("v2-piece.bin", 256 * data.KIB, 256 * data.KIB)
    yield data.single("v2-tiny.bin", 100, 256 * data.KIB)


def create_libtorrent(root, out, piece_bytes, flags):
    storage = lt.file_storage()
    lt.add_files(storage, str(root), flags=int(flags))
    creator = lt.create_torrent(storage, piece_bytes, flags)
    lt.set_piece_hashes(creator, str(root.parent))
    out.write_bytes(lt.bencode(creator.generate()))
    return out


def create_spate(root, out, piece_bytes, version):
    code, _, err = spate.run("create", root, "-o", out, "--piece-size", f"{piece_bytes // data.KIB}K", version,
                             "--json")
    assert code == 0, err
    return out


def pieces_of(torrent, folder):
    """(pieces, those that libtorrent finds right)."""
    session = lt.session({"listen_interfaces": "", "enable_dht": False, "enable_lsd": False,
                          "enable_upnp": False, "enable_natpmp": False})
    params = lt.add_torrent_params()
    params.ti = lt.torrent_info(str(torrent))
    params.save_path = str(folder)
    params.flags &= ~lt.torrent_flags.auto_managed & ~lt.torrent_flags.paused
    handle = session.add_torrent(params)
    checking = (lt.torrent_status.checking_files, lt.torrent_status.checking_resume_data)
    wait_until(lambda: handle.status().state not in checking, seconds(30), "libtorrent to check")
    return params.ti.num_pieces(), handle.status().num_pieces


def info_of(torrent):
    return bencode.decode(Path(torrent).read_bytes())[b"info"]


class V2(Scenario):
    def each(self, shapes):
        for shape in shapes:
            folder = self.box.subdir("data")
            root = shape.make(folder)
            for version, flags in VERSIONS.items():
                with noting(f"{shape.name} {version}"):
                    yield shape, folder, root, version, flags

    def test_both_make_the_same_torrent(self):
        for shape, _, root, version, flags in self.each(shapes()):
            ours = info_of(create_spate(root, self.box.dir / "ours.torrent", shape.piece_bytes, version))
            theirs = info_of(create_libtorrent(root, self.box.dir / "theirs.torrent", shape.piece_bytes, flags))
            self.assertEqual(ours, theirs)

    def test_executables_and_links_are_told_alike(self):
        root = odd_files().make(self.box.subdir("data"))
        os.chmod(root / "piece.bin", stat.S_IRWXU)
        os.symlink("z/large.bin", root / "link.bin")  # libtorrent writes ".." of deeper links; BEP 47 has none
        for version, flags in VERSIONS.items():
            with noting(version):
                ours = info_of(create_spate(root, self.box.dir / "ours.torrent", 64 * data.KIB, version))
                theirs = info_of(create_libtorrent(root, self.box.dir / "theirs.torrent", 64 * data.KIB,
                                                   flags | lt.create_torrent.symlinks))
                self.assertEqual(ours, theirs)
                self.assertEqual(spate.run("verify", self.box.dir / "theirs.torrent", root.parent, "--json")[0], 0)

    def test_libtorrent_verifies_ours(self):
        for shape, folder, root, version, _ in self.each(shapes()):
            out = create_spate(root, self.box.dir / "ours.torrent", shape.piece_bytes, version)
            count, good = pieces_of(out, folder)
            self.assertEqual(good, count)

    def test_spate_verifies_libtorrents(self):
        for shape, folder, root, version, flags in self.each(shapes()):
            out = create_libtorrent(root, self.box.dir / "theirs.torrent", shape.piece_bytes, flags)
            code, objects, err = spate.run("verify", out, folder, "--json")
            self.assertEqual(code, 0, err)
            verified = next(event for event in objects if event["event"] == "verified")
            self.assertEqual(verified["pieces"], lt.torrent_info(str(out)).num_pieces())
            self.assertEqual(verified["bad_pieces"], [])

    def test_a_flipped_bit_is_found_in_each_file(self):
        shape = odd_files()
        folder = self.box.subdir("data")
        root = shape.make(folder)
        for version, flags in VERSIONS.items():
            out = create_libtorrent(root, self.box.dir / f"theirs{version}.torrent", shape.piece_bytes, flags)
            for path, size in shape.files:
                if size == 0:
                    continue
                with noting(f"{version} {path}"):
                    flip(root / path, size - 1)
                    code, objects, _ = spate.run("verify", out, folder, "--json")
                    flip(root / path, size - 1)
                    self.assertEqual(code, spate.EXIT_BAD_DATA)
                    verified = next(event for event in objects if event["event"] == "verified")
                    self.assertEqual(len(verified["bad_pieces"]), 1)

    def test_spate_shows_libtorrents(self):
        shape, root = odd_files(), odd_files().make(self.box.subdir("data"))
        for version, flags in VERSIONS.items():
            out = create_libtorrent(root, self.box.dir / "theirs.torrent", shape.piece_bytes, flags)
            code, objects, err = spate.run("show", out, "--json")
            self.assertEqual(code, 0, err)
            v2_hash = hashlib.sha256(bencode.encode(info_of(out))).hexdigest()
            self.assertEqual(objects[0]["info_hash_v2"], v2_hash)
            self.assertEqual(objects[0]["version"], version.removeprefix("--"))


def flip(path, offset):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 1]))
