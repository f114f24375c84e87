"""A report as one HTML page with its plots as SVG: nothing to fetch, readable in light and dark."""

import html

from report import failures, figure, groups, headline, losses, median

_BAR_HEIGHT, _BAR_GAP, _LABEL_WIDTH, _BAR_WIDTH, _FIGURE_WIDTH = 18, 6, 110, 360, 110
_PLOTS = (("cpu_s_per_gib", "CPU seconds per GiB: less is better"), ("rate_mb_per_s", "MB/s: more is better"),
          ("peak_rss_bytes", "Peak memory, files that are served from included: less is better"))
_STYLE = """
:root { color-scheme: light dark; --ours: #0072b2; --others: #999; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
svg { display: block; margin: .3rem 0 1rem; max-width: 100%; } svg text { fill: currentColor; font-size: 13px; }
.ours { fill: var(--ours); } .others { fill: var(--others); } .range { stroke: currentColor; stroke-width: 1.5; }
"""


def html_page(report):
    parts = ["<!doctype html>", '<html lang="en"><meta charset="utf-8">', "<title>spate beside other clients</title>",
             f"<style>{_STYLE}</style>", "<h1>spate beside other clients</h1>", f"<p>{_text(headline(report))}</p>",
             "<p>Each client is one process on one CPU; one thread on another CPU plays all its peers. Bars are medians, "
             "lines reach from the lowest run to the highest.</p>"]
    parts += _list("Where spate loses or misses its aim", losses(report) or ["Nowhere in this run."])
    parts += _list("What failed", failures(report))
    if report["missing"]:
        parts.append(f"<p>Not installed: {_text(', '.join(report['missing']))}.</p>")
    for (scenario, peers), clients in groups(report).items():
        other_end = "leecher" if scenario == "seed" else "source"
        parts.append(f"<h2>{_text(scenario.capitalize())}, {peers} {other_end}{'' if peers == 1 else 's'}</h2>")
        for field, title in _PLOTS:
            parts += [f"<h3>{title}</h3>", _bars({name: good for name, good in clients.items() if good}, field)]
    return "\n".join(parts) + "\n</html>\n"


def _list(title, sentences):
    if not sentences:
        return []
    return [f"<h2>{title}</h2>", "<ul>", *(f"<li>{_text(sentence)}</li>" for sentence in sentences), "</ul>"]


def _bars(clients, field):
    """One bar a client, best first, with the range of its runs."""
    best_first = sorted(clients, key=lambda name: median(clients[name], field), reverse=field == "rate_mb_per_s")
    highest = max((sample[field] for good in clients.values() for sample in good), default=1) or 1
    height = len(clients) * (_BAR_HEIGHT + _BAR_GAP)
    width = _LABEL_WIDTH + _BAR_WIDTH + _FIGURE_WIDTH
    rows = [f'<svg viewBox="0 0 {width} {height}" width="{width}" role="img">']
    for number, name in enumerate(best_first):
        rows.append(_bar(name, [sample[field] for sample in clients[name]], median(clients[name], field), field,
                         highest, number * (_BAR_HEIGHT + _BAR_GAP)))
    return "\n".join([*rows, "</svg>"])


def _bar(name, values, middle, field, highest, top):
    def place(value):
        return _LABEL_WIDTH + _BAR_WIDTH * value / highest
    text_y, middle_y = top + _BAR_HEIGHT - 4, top + _BAR_HEIGHT / 2
    kind = "ours" if name == "spate" else "others"
    return (f'<text x="{_LABEL_WIDTH - 8}" y="{text_y}" text-anchor="end">{_text(name)}</text>'
            f'<rect class="{kind}" x="{_LABEL_WIDTH}" y="{top}" width="{place(middle) - _LABEL_WIDTH:.1f}" '
            f'height="{_BAR_HEIGHT}"/>'
            f'<line class="range" x1="{place(min(values)):.1f}" x2="{place(max(values)):.1f}" y1="{middle_y}" '
            f'y2="{middle_y}"/>'
            f'<text x="{place(max(values)) + 6:.1f}" y="{text_y}">{figure(field, middle)}</text>')


def _text(words):
    return html.escape(words)
