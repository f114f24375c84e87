"""Samples as medians, as a markdown table, and where spate loses."""

import os
import platform
import statistics
import subprocess

import data

_VERSION_COMMANDS = {
    "transmission": ["transmission-daemon", "--version"],
    "aria2": ["aria2c", "--version"],
}
_MORE_IS_BETTER = {"rate_mb_per_s": True, "cpu_s_per_gib": False, "peak_rss_bytes": False}
_WORDS = {"rate_mb_per_s": "bytes per second", "cpu_s_per_gib": "CPU time per GiB", "peak_rss_bytes": "peak memory"}
# What spate aims at: four tenths of the best other client's CPU time.
CPU_RATIO_AIM = 0.4


def describe_machine():
    """Processor, cores, memory, kernel, and the clients' versions."""
    return {
        "processor": _first_value("/proc/cpuinfo", "model name"),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / data.GIB, 1),
        "kernel": platform.release(),
        "versions": {name: _version(command) for name, command in _VERSION_COMMANDS.items()} | _libtorrent_version(),
    }


def groups(report):
    """(scenario, peers) -> client -> its good samples, in the order in which they were taken."""
    found = {}
    for sample in report["samples"]:
        clients = found.setdefault((sample["scenario"], sample["peers"]), {})
        good = clients.setdefault(sample["client"], [])
        if "error" not in sample:
            good.append(sample)
    return found


def median(samples, field):
    return statistics.median(sample[field] for sample in samples)


def failures(report):
    """A sentence for each client and scenario of which no run succeeded."""
    sentences = []
    for (scenario, peers), clients in groups(report).items():
        for client, good in clients.items():
            errors = [s["error"] for s in report["samples"] if s["client"] == client and "error" in s
                      and (s["scenario"], s["peers"]) == (scenario, peers)]
            if errors:
                runs = "every run" if not good else f"{len(errors)} runs"
                sentences.append(f"{client}, {scenario} with {peers}: {runs} failed: {errors[0]}")
    return sentences


def losses(report):
    """A sentence for each figure in which another client is better than spate, or spate misses its aim."""
    sentences = []
    for (scenario, peers), clients in groups(report).items():
        others = {name: good for name, good in clients.items() if name != "spate" and good}
        ours = clients.get("spate")
        if not ours or not others:
            continue
        for field, more in _MORE_IS_BETTER.items():
            pick = max if more else min
            best = pick(others, key=lambda name: median(others[name], field))
            theirs, own = median(others[best], field), median(ours, field)
            if (own < theirs) if more else (own > theirs):
                sentences.append(f"{scenario} with {peers}: {best} is better in {_WORDS[field]} "
                                 f"({figure(field, theirs)} against {figure(field, own)})")
            elif field == "cpu_s_per_gib" and own > CPU_RATIO_AIM * theirs:
                sentences.append(f"{scenario} with {peers}: spate takes {own / theirs:.2f} of the CPU time of {best}, "
                                 f"the best other, and aims at {CPU_RATIO_AIM}")
    return sentences


def figure(field, value):
    return {"rate_mb_per_s": f"{value:.0f} MB/s", "cpu_s_per_gib": f"{value:.2f} s/GiB",
            "peak_rss_bytes": f"{value / data.MIB:.0f} MiB"}[field]


def headline(report):
    machine = report["machine"]
    return (f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, Linux {machine['kernel']}; "
            f"{report['size_bytes'] // data.MIB} MiB in {report['piece_bytes'] // data.KIB} KiB pieces, "
            f"{report['runs']} runs, commit {report['commit']}. Versions: "
            + ", ".join(f"{name} {version}" for name, version in report["versions"].items()) + ".")


def markdown(report):
    """The table of medians (lowest to highest) a scenario and client, and the sentences below it."""
    lines = [headline(report), "",
             "| scenario | client | CPU s/GiB (range) | MB/s (range) | peak MiB | steal % |", "|---|---|---|---|---|---|"]
    for (scenario, peers), clients in groups(report).items():
        good = {name: samples for name, samples in clients.items() if samples}
        for name in sorted(good, key=lambda one: median(good[one], "cpu_s_per_gib")):
            lines.append(_row(f"{scenario}, {peers}", name, good[name]))
    for title, sentences in (("Where spate loses or misses its aim:", losses(report)),
                             ("What failed:", failures(report))):
        if sentences:
            lines += ["", title, ""] + [f"- {sentence}" for sentence in sentences]
    if report["missing"]:
        lines += ["", f"Not installed: {', '.join(report['missing'])}."]
    return "\n".join(lines)


def _row(scenario, client, group):
    cpu = [sample["cpu_s_per_gib"] for sample in group]
    rate = [sample["rate_mb_per_s"] for sample in group]
    served = {sample.get("served_peers") for sample in group} - {None}
    note = f" ({min(served)} served)" if served and scenario != f"seed, {min(served)}" else ""
    return (f"| {scenario} | {client}{note} | **{statistics.median(cpu):.2f}** ({min(cpu):.2f}–{max(cpu):.2f}) "
            f"| {statistics.median(rate):.0f} ({min(rate):.0f}–{max(rate):.0f}) "
            f"| {median(group, 'peak_rss_bytes') / data.MIB:.0f} "
            f"| {max(sample['steal_percent'] for sample in group):.1f} |")


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
