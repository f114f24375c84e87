"""What a crash may leave on a disk: a model of it, from the trace that preload/trace.hpp describes.

Names, sizes and times are metadata: a journal, of which each successful sync of anything writes all that came before it
(as ext4, XFS and btrfs do), and a crash of the machine leaves some beginning. Data is on the disk when a sync of its file
has begun behind the end of its write and has succeeded; until then a crash of the machine leaves all of a write, none of
it, or some of its sectors, in any order, direct or not: a disk has a cache too. The end of the process alone loses nothing
that was written; of writes under way it leaves a part.
"""

import dataclasses
import os
import random
from pathlib import Path
from urllib.parse import unquote

SECTOR_BYTES = 512
BLOCK_BYTES = 4096
ALL = "all"


@dataclasses.dataclass
class Write:
    """Indices are those of trace lines; `end` is None while it runs."""

    inode: int
    offset: int
    data: bytes
    begin: int
    end: int | None = None
    result: int = 0


@dataclasses.dataclass(frozen=True)
class Sync:
    """Of a file's inode, of a folder ("/PATH") or of ALL."""

    what: object
    begin: int
    end: int


@dataclasses.dataclass(frozen=True)
class Look:
    """Of a file."""

    size: int = 0
    mtime_ns: int = 0
    ctime_ns: int = 0


@dataclasses.dataclass
class Files:
    """A folder: names of inodes, and what they hold."""

    folders: list
    names: dict
    contents: dict
    looks: dict

    def make(self, root):
        """Puts the folder on the disk; returns the lines of SPATE_STAMPS for it."""
        for folder in self.folders:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for path, inode in self.names.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(self.contents[inode])
        stamps = []
        for path, inode in self.names.items():
            found, look = os.stat(root / path), self.looks[inode]
            stamps.append(f"{found.st_ino} {found.st_mtime_ns} {found.st_ctime_ns} "
                          f"{inode} {look.mtime_ns} {look.ctime_ns}\n")
        return "".join(stamps)


class Trace:
    """A recorded run, or several with marks (`run N`) between them."""

    def __init__(self, path):
        blob = Path(f"{path}.bytes").read_bytes()
        self.lines, self.said, self.runs = [], [], []
        self.writes, self.syncs, self._open = {}, [], {}
        run = 0
        for text in Path(path).read_text().splitlines():
            *words, said = text.split(" ")
            if words[0] == "run":
                run = int(words[1])
                continue
            self._note(len(self.lines), words, blob)
            self.lines.append(words)
            self.said.append(int(said))
            self.runs.append(run)

    def _note(self, index, words, blob):
        if words[0] == "write":
            number, inode, offset, length, place = map(int, words[1:])
            self.writes[number] = Write(inode, offset, blob[place:place + length], index)
        elif words[0] == "written":
            write = self.writes[int(words[1])]
            write.end, write.result = index, int(words[2])
        elif words[0] == "sync":
            what = words[2]
            self._open[words[1]] = (what if what == ALL or what.startswith("/") else int(what), index)
        elif words[0] == "synced" and int(words[2]) == 0:
            what, begin = self._open[words[1]]
            self.syncs.append(Sync(what, begin, index))

    def __len__(self):
        return len(self.lines)

    # --- What may be left when all stops behind line `moment` - 1

    def committed(self, moment):
        """How many lines of metadata are on the disk for sure."""
        return max((sync.begin for sync in self.syncs if sync.end < moment), default=0)

    def durable(self, write, moment):
        return write.end is not None and any(
            sync.end < moment and sync.begin > write.end and sync.what in (ALL, write.inode) for sync in self.syncs)

    def after_death(self, moment, draws):
        """The process ends, the machine goes on."""
        def part_of(write):
            if write.end is not None and write.end < moment:
                return write.data[:max(write.result, 0)]
            return write.data[:draws.choice((0, len(write.data) // 2 // BLOCK_BYTES * BLOCK_BYTES, len(write.data)))]
        return self._files(moment, {number: [(0, part_of(write))] for number, write in self._begun(moment)})

    def after_loss(self, moment, draws, metadata="some", data="some"):
        """The machine ends: `metadata` and `data` that weren't synced are there (all), not there (none), or in part (some)."""
        committed = self.committed(moment)
        until = {"all": moment, "none": committed, "some": draws.randint(committed, moment)}[metadata]
        parts = {}
        for number, write in self._begun(moment):
            if self.durable(write, moment):
                parts[number] = [(0, write.data[:max(write.result, 0)])]
            elif data == "all":
                parts[number] = [(0, write.data)]
            elif data == "some":
                parts[number] = torn(write.data, draws)
        return self._files(until, parts)

    def _begun(self, moment):
        return [(number, write) for number, write in self.writes.items() if write.begin < moment]

    def _files(self, until, parts):
        """Replays the metadata up to line `until`, and of each write the parts (offset in it, bytes)."""
        files = Files([], {}, {}, {})
        begins = {write.begin: (write, parts[number]) for number, write in self.writes.items() if number in parts}
        for index in range(max([until, *[begin + 1 for begin in begins]])):
            if index in begins:
                write, kept = begins[index]
                for offset, data in kept:
                    patch(files.contents.setdefault(write.inode, bytearray()), write.offset + offset, data)
            if index < until:
                replay(files, self.lines[index])
        for inode in set(files.names.values()):
            resize(files.contents.setdefault(inode, bytearray()), files.looks.setdefault(inode, Look()).size)
        return files


def replay(files, words):
    """One line of metadata."""
    kind = words[0]
    if kind == "create":
        files.names[unquote(words[2])] = int(words[1])
        files.contents[int(words[1])] = bytearray()
        files.looks[int(words[1])] = Look()
    elif kind == "directory":
        files.folders.append(unquote(words[1]))
    elif kind == "rename":
        # What was written by the C library's streams isn't in the trace: it is a .torrent for the user.
        if unquote(words[1]) in files.names:
            files.names[unquote(words[2])] = files.names.pop(unquote(words[1]))
    elif kind == "unlink":
        files.names.pop(unquote(words[1]), None)
    elif kind == "truncate":
        content = files.contents.setdefault(int(words[1]), bytearray())
        if int(words[2]) < len(content):
            del content[int(words[2]):]
    elif kind == "look":
        files.looks[int(words[1])] = Look(*map(int, words[2:]))


def patch(content, offset, data):
    if len(content) < offset:
        content.extend(bytes(offset - len(content)))
    content[offset:offset + len(data)] = data


def resize(content, size):
    del content[size:]
    content.extend(bytes(size - len(content)))


def torn(data, draws):
    """All of a write, none of it, its beginning up to some sector, or some of its blocks."""
    how = draws.randrange(4)
    if how == 0:
        return []
    if how == 1:
        return [(0, data)]
    if how == 2:
        return [(0, data[:draws.randrange(len(data) // SECTOR_BYTES + 1) * SECTOR_BYTES])]
    return [(at, data[at:at + BLOCK_BYTES]) for at in range(0, len(data), BLOCK_BYTES) if draws.random() < 0.5]


def draws_of(*words):
    """The same draws for the same words, in whatever order the points are tried."""
    return random.Random("/".join(map(str, words)))
