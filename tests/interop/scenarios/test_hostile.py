"""`spate show` on torrents made to hurt: exit 1, one clear line, no crash, bounded memory and time."""

import bencode
import data
from clients import spate
from sandbox import seconds
from scenario import Scenario, noting

PEAK_RSS_BYTES_MAX = 256 * data.MIB
_HASH = b"\x11" * 20


def single(**changes):
    """A small sound torrent with some keys of its info dictionary changed (None removes)."""
    info = {"name": "x", "piece length": 16384, "length": 16384, "pieces": _HASH, **changes}
    return bencode.encode({"info": {key: value for key, value in info.items() if value is not None}})


def multi(*paths, **changes):
    files = [{"length": 10, "path": path} for path in paths]
    return single(length=None, files=files, **changes)


REFUSED = {
    "dot-dot path": multi(["..", "..", "etc", "passwd"]),
    "dot-dot inside one element": multi(["../../etc/passwd"]),
    "absolute path": multi(["/etc/passwd"]),
    "empty path list": multi([]),
    "duplicate names": multi(["a"], ["a"]),
    "a file that is also a folder": multi(["a"], ["a", "b"]),
    "empty info dictionary": bencode.encode({"info": {}}),
    "no info dictionary": bencode.encode({"announce": "http://10.77.0.1/"}),
    "piece string not divisible by 20": single(pieces=_HASH + b"x"),
    "too few pieces": single(length=16384 * 3),
    "file of 2^62 bytes": single(length=2**62),
    "sizes that overflow 64 bits together": single(length=None, files=[
        {"length": 2**63 - 1, "path": ["a"]}, {"length": 2**63 - 1, "path": ["b"]}]),
    "negative size": single(length=-1),
    "piece length zero": single(**{"piece length": 0}),
    "absurd piece length": single(**{"piece length": 2**50}),
    "10,000 nested lists": b"l" * 10_000 + b"e" * 10_000,
    "10,000 nested lists in info": b"d4:info" + b"l" * 10_000 + b"e" * 10_000 + b"e",
    "a million nested lists, never closed": b"l" * 1_000_000,
    "a string longer than the file": b"d4:info999999999999:xe",
    "a length that overflows": b"d4:info99999999999999999999999:xe",
    "empty file": b"",
    "not bencode at all": b"<html>404 Not Found</html>",
    "cut in the middle": single()[:-10],
}


class Show(Scenario):
    def test_hostile_torrents_are_refused_with_one_clear_line(self):
        for number, (what, content) in enumerate(REFUSED.items()):
            with noting(what):
                path = self.box.dir / f"hostile-{number}.torrent"
                path.write_bytes(content)
                self.assert_refused(path)

    def test_a_sound_torrent_is_shown(self):
        path = self.box.dir / "sound.torrent"
        path.write_bytes(single())
        code, objects, err = spate.run("show", path, "--json")
        self.assertEqual((code, len(objects)), (0, 1), err)
        self.assertEqual(objects[0]["files"][0]["bytes"], 16384)

    def assert_refused(self, path):
        code, objects, err = self.show(path, "--json")
        self.assertEqual(code, spate.EXIT_FAILURE, err)
        self.assertEqual([event["event"] for event in objects], ["error"])
        self.assertTrue(objects[0]["message"])
        code, objects, err = self.show(path)
        self.assertEqual(code, spate.EXIT_FAILURE)
        self.assertEqual(len(err.strip().splitlines()), 1, err)

    def show(self, path, *words):
        """(exit code, JSON objects, stderr) of `spate show`; its time and peak memory are bounded."""
        process = self.box.start("show", [spate.binary(), "show", path, *words], self.box.dir)
        process.wait(seconds(5))
        self.assertLess(process.usage().peak_rss_bytes, PEAK_RSS_BYTES_MAX)
        out = process.out_path.read_text()
        return process.exit_code, spate.parse_lines(out) if words else [], process.err_path.read_text()
