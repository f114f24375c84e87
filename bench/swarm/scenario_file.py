"""The scenarios of `spate sim` as real processes need them: classes of peers and their links."""

import dataclasses
import tomllib

_UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
# What real processes can be told; `latency` is no key of theirs, since links here only have rates.
_CLASS_KEYS = {"name", "count", "up", "down", "seed", "stays", "arrives-at", "upload-slots", "strategy",
               "seed-strategy", "free-rider", "max-peers"}
# Of an uplink for payload: headers of TCP/IP and requests take the rest, and no queue forms in the link.
TOLD_SHARE = 0.93


@dataclasses.dataclass(frozen=True)
class PeerClass:
    """Peers that are alike. Rates in bytes per second; `stays`: goes on seeding when it has everything."""

    name: str
    count: int
    up_bytes_per_s: int
    down_bytes_per_s: int
    seed: bool
    stays: bool
    arrives_at_s: float
    free_rider: bool
    strategy: str
    options: tuple  # of the command line

    @property
    def is_ordinary(self):
        return not self.seed and not self.free_rider and self.strategy == "tit-for-tat"


@dataclasses.dataclass(frozen=True)
class Experiment:
    title: str
    file_bytes: int
    piece_bytes: int
    duration_s: float
    classes: tuple


def read(path, told=True):
    """The Experiment in a scenario's file; ValueError names what real processes can't do. `told`: spate gets nearly all of
    its uplink as its upload limit, as `docs/operating.md` advises and as the simulator has it."""
    with open(path, "rb") as file:
        table = tomllib.load(file)
    if table.keys() - {"title", "file", "piece", "duration", "class"}:
        raise ValueError(f"{path}: faults and the like are for `spate sim` only")
    return Experiment(table.get("title", str(path)), size(table["file"]), size(table.get("piece", "64K")),
                      seconds(table.get("duration", "1h")), tuple(_peer_class(entry, told) for entry in table["class"]))


def size(text):
    """Bytes of 128M and the like."""
    return int(float(text[:-1]) * _UNITS[text[-1]]) if text[-1] in _UNITS else int(text)


def seconds(text):
    for unit, factor in (("ms", 1e-3), ("s", 1), ("m", 60), ("h", 3600)):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    raise ValueError(f"'{text}' is no time")


def _peer_class(entry, told):
    unknown = entry.keys() - _CLASS_KEYS
    if unknown:
        raise ValueError(f"class {entry.get('name')}: {', '.join(sorted(unknown))} is for `spate sim` only")
    if entry.get("stays", "0s") != "0s":
        raise ValueError(f"class {entry.get('name')}: a real peer leaves at once (`stays = \"0s\"`) or stays")
    slots = 0 if entry.get("free-rider") else entry.get("upload-slots")
    options = []
    for option, value in (("--upload-slots", slots), ("--strategy", entry.get("strategy")),
                          ("--seed-strategy", entry.get("seed-strategy")), ("--max-peers", entry.get("max-peers"))):
        options += [option, str(value)] if value is not None else []
    up_bytes_per_s = size(entry.get("up", "12500K"))
    if told:
        options += ["--up", str(int(TOLD_SHARE * up_bytes_per_s))]
    return PeerClass(
        name=entry.get("name", "peer"), count=entry.get("count", 1), up_bytes_per_s=up_bytes_per_s,
        down_bytes_per_s=size(entry.get("down", "12500K")), seed=entry.get("seed", False), stays="stays" not in entry,
        arrives_at_s=seconds(entry.get("arrives-at", "0s")), free_rider=entry.get("free-rider", False),
        strategy=entry.get("strategy", "tit-for-tat"), options=tuple(options))
