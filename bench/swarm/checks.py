"""What a swarm's times say: figures by class, and whether who gives more has it sooner."""

import statistics


def figures_of(experiment, runs):
    """{class: its median time, the least and greatest, the mean ratio of given to taken} over all runs."""
    figures = {}
    for of in experiment.classes:
        peers = [peer for run in runs for peer in run if peer["class"] == of.name]
        if not peers:
            continue
        medians = [statistics.median(peer["seconds"] for peer in run if peer["class"] == of.name) for run in runs]
        figures[of.name] = {
            "peers": of.count, "up_bytes_per_s": of.up_bytes_per_s, "median_s": statistics.median(medians),
            "min_s": min(peer["seconds"] for peer in peers), "max_s": max(peer["seconds"] for peer in peers),
            "share_ratio": statistics.mean(peer["share_ratio"] for peer in peers),
            "medians_s": medians,
        }
    return figures


def failed_checks(experiment, figures):
    """Sentences, one for each expectation that the figures contradict."""
    failed = []
    ordinary = sorted((of for of in experiment.classes if of.is_ordinary), key=lambda of: -of.up_bytes_per_s)
    for faster, slower in zip(ordinary, ordinary[1:]):
        if figures[faster.name]["median_s"] >= figures[slower.name]["median_s"]:
            failed.append(f"{faster.name} before {slower.name}")
    for of in experiment.classes:
        mine = figures.get(of.name, {}).get("median_s")
        if of.free_rider:
            failed += [f"{other.name} before {of.name}" for other in ordinary
                       if figures[other.name]["median_s"] >= mine]
        elif of.strategy == "tyrant":
            failed += [f"{of.name} before its class, {other.name}" for other in ordinary
                       if other.up_bytes_per_s == of.up_bytes_per_s and figures[other.name]["median_s"] <= mine]
    return failed


def table(experiment, figures, simulated):
    """Lines for people: a row a class."""
    lines = [f"{'class':<12}{'peers':>6}{'up KiB/s':>10}{'median s':>10}{'min':>7}{'max':>7}{'gave':>7}{'simulated s':>13}"]
    for of in experiment.classes:
        row = figures.get(of.name)
        if row is None:
            continue
        virtual = f"{simulated[of.name]:.0f}" if of.name in simulated else ""
        lines.append(f"{of.name:<12}{row['peers']:>6}{row['up_bytes_per_s'] / 1024:>10.0f}{row['median_s']:>10.1f}"
                     f"{row['min_s']:>7.0f}{row['max_s']:>7.0f}{row['share_ratio']:>7.2f}{virtual:>13}")
    return "\n".join(lines)
