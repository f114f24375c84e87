"""Deterministic data sets, their comparison, and .torrent files made by several creators."""

import dataclasses
import hashlib
import random
import subprocess
from pathlib import Path
from urllib.parse import quote

import bencode

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB
_CHUNK_BYTES = 4 * MIB


@dataclasses.dataclass(frozen=True)
class DataSet:
    """A named tree: relative path -> size in bytes. One file named like the set makes a single-file torrent."""

    name: str
    piece_bytes: int
    files: tuple

    @property
    def total_bytes(self):
        return sum(size for _, size in self.files)

    @property
    def is_single_file(self):
        return len(self.files) == 1 and self.files[0][0] == ""

    @property
    def piece_count(self):
        return -(-self.total_bytes // self.piece_bytes)

    def make(self, directory):
        """Writes the tree below `directory`; returns the path of its root (a file or a folder)."""
        root = Path(directory) / self.name
        for number, (path, size_bytes) in enumerate(self.files):
            target = root / path if path else root
            target.parent.mkdir(parents=True, exist_ok=True)
            _write_random(target, size_bytes, f"{self.name}/{number}")
        return root


def single(name="single.bin", size_bytes=24 * MIB, piece_bytes=256 * KIB):
    return DataSet(name, piece_bytes, (("", size_bytes),))


def short_last_piece(name="short-last.bin", piece_bytes=256 * KIB):
    """Its last piece holds one byte: a last block of one byte too."""
    return DataSet(name, piece_bytes, (("", 8 * MIB + 1),))


def many_files(name="many-files", piece_bytes=64 * KIB):
    """Odd sizes, an empty file, a deep path, and names that are not ASCII; pieces span several files."""
    return DataSet(name, piece_bytes, (
        ("a/one byte.bin", 1),
        ("a/empty.txt", 0),
        ("a/b/c/d/deep.bin", 3 * MIB + 17),
        ("prime.bin", 1_299_709),
        ("Zürich – 東京 ☃.dat", 777_777),
        ("tiny-1.bin", 100),
        ("tiny-2.bin", 200),
        ("tiny-3.bin", 300),
        ("zz-last.bin", 4 * MIB - 5),
    ))


def small_pieces(name="pieces-16k.bin"):
    return DataSet(name, 16 * KIB, (("", 6 * MIB + 12_345),))


def large_pieces(name="pieces-4m.bin"):
    return DataSet(name, 4 * MIB, (("", 33 * MIB + 54_321),))


def _write_random(path, size_bytes, seed):
    generator = random.Random(seed)
    with open(path, "wb") as file:
        for start in range(0, size_bytes, _CHUNK_BYTES):
            file.write(generator.randbytes(min(_CHUNK_BYTES, size_bytes - start)))


def tree_digest(root):
    """{relative path: (size, SHA-256)} of a file or of every file below a folder."""
    root = Path(root)
    files = [root] if root.is_file() else sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): (path.stat().st_size, _sha256(path)) for path in files}


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _lengths_v1(info):
    return [info[b"length"]] if b"length" in info else [file[b"length"] for file in info[b"files"]]


def _lengths_v2(tree):
    for name, entry in tree.items():
        if name == b"":
            yield entry[b"length"]
        else:
            yield from _lengths_v2(entry)


class Torrent:
    """A .torrent file read by our own decoder: what clients and assertions need of it."""

    def __init__(self, path):
        self.path = Path(path)
        self.meta = bencode.decode(self.path.read_bytes())
        self.info = self.meta[b"info"]
        has_v1 = b"pieces" in self.info
        digest = hashlib.sha1 if has_v1 else hashlib.sha256
        self.info_hash = digest(bencode.encode(self.info)).hexdigest()[:40]
        self.info_hash_v2 = hashlib.sha256(bencode.encode(self.info)).hexdigest() if b"file tree" in self.info else None
        self.name = self.info[b"name"].decode()
        self.piece_bytes = self.info[b"piece length"]
        lengths = list(_lengths_v1(self.info) if has_v1 else _lengths_v2(self.info[b"file tree"]))
        self.total_bytes = sum(lengths)
        self.piece_count = (len(self.info[b"pieces"]) // 20 if has_v1
                            else sum(-(-length // self.piece_bytes) for length in lengths))

    @property
    def trackers(self):
        tiers = self.meta.get(b"announce-list") or [[self.meta[b"announce"]]] if b"announce" in self.meta else []
        return [url.decode() for tier in tiers for url in tier]

    def magnet(self, peers=()):
        return self._magnet(f"urn:btih:{self.info_hash}", peers)

    def magnet_v2(self, peers=()):
        """With the SHA-256 alone."""
        return self._magnet(f"urn:btmh:1220{self.info_hash_v2}", peers)

    def _magnet(self, topic, peers):
        words = [f"magnet:?xt={topic}", f"dn={quote(self.name)}"]
        words += [f"tr={quote(url, safe='')}" for url in self.trackers]
        words += [f"x.pe={peer}" for peer in peers]
        return "&".join(words)


def create_here(root, out, piece_bytes, trackers=(), private=False):
    """The oracle: BEP 3 read literally. Returns the Torrent."""
    root = Path(root)
    info = {"name": root.name, "piece length": piece_bytes}
    if root.is_file():
        files = [root]
        info["length"] = root.stat().st_size
    else:
        files = sorted(path for path in root.rglob("*") if path.is_file())
        info["files"] = [{"length": f.stat().st_size, "path": list(f.relative_to(root).parts)} for f in files]
    if private:
        info["private"] = 1
    info["pieces"] = b"".join(_piece_hashes(files, piece_bytes))
    meta = {"info": info}
    if trackers:
        meta["announce"] = trackers[0]
        meta["announce-list"] = [[url] for url in trackers]
    Path(out).write_bytes(bencode.encode(meta))
    return Torrent(out)


def _piece_hashes(files, piece_bytes):
    piece, filled_bytes = hashlib.sha1(), 0
    for path in files:
        with open(path, "rb") as file:
            while block := file.read(piece_bytes - filled_bytes):
                piece.update(block)
                filled_bytes += len(block)
                if filled_bytes == piece_bytes:
                    yield piece.digest()
                    piece, filled_bytes = hashlib.sha1(), 0
    if filled_bytes:
        yield piece.digest()


def create_mktorrent(root, out, piece_bytes, trackers=()):
    announce = [word for url in trackers for word in ("-a", url)]
    exponent = piece_bytes.bit_length() - 1
    _run(["mktorrent", *announce, "-l", exponent, "-o", out, root])
    return Torrent(out)


def create_transmission(root, out, piece_bytes, trackers=()):
    announce = [word for url in trackers for word in ("-t", url)]
    _run(["transmission-create", *announce, "-s", piece_bytes // KIB, "-o", out, root])
    return Torrent(out)


def create_libtorrent(root, out, piece_bytes, trackers=()):
    import libtorrent as lt
    storage = lt.file_storage()
    lt.add_files(storage, str(root))
    creator = lt.create_torrent(storage, piece_bytes, lt.create_torrent.v1_only)
    for url in trackers:
        creator.add_tracker(url)
    lt.set_piece_hashes(creator, str(Path(root).parent))
    Path(out).write_bytes(lt.bencode(creator.generate()))
    return Torrent(out)


FOREIGN_CREATORS = {
    "mktorrent": create_mktorrent,
    "transmission-create": create_transmission,
    "libtorrent": create_libtorrent,
}


def _run(argv):
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=60)
    if done.returncode:
        raise RuntimeError(f"{argv[0]} failed: {done.stdout}{done.stderr}")
