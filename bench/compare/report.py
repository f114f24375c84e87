"""Samples as a markdown table, with the machine they were taken on."""

import os
import platform
import statistics
import subprocess

import data

_VERSION_COMMANDS = {
    "transmission": ["transmission-daemon", "--version"],
    "aria2": ["aria2c", "--version"],
}


def describe_machine():
    """Processor, cores, memory, kernel, and the clients' versions."""
    return {
        "processor": _first_value("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / data.GIB, 1),
        "kernel": platform.release(),
        "versions": {name: _version(command) for name, command in _VERSION_COMMANDS.items()} | _libtorrent_version(),
    }


def markdown(samples, machine, arguments, shape):
    """The table of medians (lowest to highest) a client and scenario."""
    lines = [
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}; "
        f"{shape.total_bytes // data.MIB} MiB in {shape.piece_bytes // data.KIB} KiB pieces, {arguments.runs} runs, "
        f"other end: {arguments.counterpart}. Versions: "
        + ", ".join(f"{name} {version}" for name, version in machine["versions"].items()) + ".",
        "",
        "| scenario | client | CPU s/GiB (range) | user + system | MB/s | peak MiB | steal % |",
        "|---|---|---|---|---|---|---|",
    ]
    groups = {}
    for sample in samples:
        groups.setdefault((sample["scenario"], sample["client"]), []).append(sample)
    cheapest_first = sorted(groups.items(), key=lambda item: (item[0][0], _median(item[1], "cpu_s_per_gib")))
    lines += [_row(scenario, client, group) for (scenario, client), group in cheapest_first]
    return "\n".join(lines)


def _row(scenario, client, group):
    cpu = [sample["cpu_s_per_gib"] for sample in group]
    return (f"| {scenario} | {client} | **{statistics.median(cpu):.2f}** ({min(cpu):.2f}–{max(cpu):.2f}) "
            f"| {_median(group, 'user_s_per_gib'):.2f} + {_median(group, 'sys_s_per_gib'):.2f} "
            f"| {_median(group, 'rate_mb_per_s'):.0f} | {_median(group, 'peak_rss_bytes') / data.MIB:.0f} "
            f"| {max(sample['steal_percent'] for sample in group):.1f} |")


def _median(group, field):
    return statistics.median(sample[field] for sample in group)


def _version(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10)
    except OSError:
        return "not installed"
    words = (done.stdout + done.stderr).split()
    return next((word for word in words if word[:1].isdigit()), "?")


def _libtorrent_version():
    try:
        import libtorrent
        return {"libtorrent": libtorrent.version}
    except ImportError:
        return {"libtorrent": "not installed"}


def _first_value(path, key):
    with open(path, encoding="utf-8") as file:
        for line in file:
            if line.startswith(key):
                return line.partition(":")[2].strip()
    return "?"
