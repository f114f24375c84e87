#!/usr/bin/env python3
"""Draws a flame graph. Reads folded stacks ("outer;inner COUNT" a line) or, with --script, the output of
`perf script`, from standard input; writes an SVG to standard output, or folded stacks with --fold.
Nothing is loaded from elsewhere: hover over a frame to read its name and share.

  perf script -i perf.data | perf/flamegraph.py --script --title "seed" > seed.svg
"""
import argparse
import collections
import html
import re
import sys

WIDTH = 1200
ROW = 16
CHARACTER = 6.6  # width of one, at 11 px monospace
FRAME = re.compile(r"^\s+[0-9a-f]+ (.*?)(?:\+0x[0-9a-f]+)? \((.*)\)$")


def short(symbol):
    """Without arguments and template parameters: what a reader looks for."""
    depth, kept = 0, []
    symbol = symbol.replace("(anonymous namespace)::", "").replace("operator()", "call")
    for at, character in enumerate(symbol):
        if character in "<(":
            if character == "(" and depth == 0:
                break
            depth += 1
        elif character in ">)":
            depth -= 1
        elif depth == 0:
            kept.append(character)
    return "".join(kept).strip() or symbol


def fold_script(lines):
    """`perf script` prints a header line, the stack from the inside out, and an empty line."""
    folded = collections.Counter()
    thread, stack = None, []
    for line in [*lines, ""]:
        line = line.rstrip("\n")
        if not line.strip():
            if thread is not None:
                folded[";".join([thread, *reversed(stack)])] += 1
            thread, stack = None, []
        elif not line[0].isspace():
            thread = re.split(r"\s+\d+(?:/\d+)?\s", line, maxsplit=1)[0].strip()
        elif match := FRAME.match(line):
            stack.append(short(match[1]).replace(";", ":") if match[1] != "[unknown]" else "[unknown]")
        elif thread is None and line.strip():  # a thread whose name begins with a blank
            thread = line.split()[0]
    return folded


def read_folded(lines):
    folded = collections.Counter()
    for line in lines:
        stack, _, count = line.strip().rpartition(" ")
        if stack and count.isdigit():
            folded[stack] += int(count)
    return folded


class Frame:
    def __init__(self):
        self.count = 0
        self.inner = {}


def tree(folded):
    top = Frame()
    for stack, count in folded.items():
        top.count += count
        frame = top
        for name in stack.split(";"):
            frame = frame.inner.setdefault(name, Frame())
            frame.count += count
    return top


def color(name):
    """Warm for our own code and libraries, blue for the kernel; the same name has the same tint."""
    tint = sum(ord(character) * (at + 1) for at, character in enumerate(name)) % 40
    if "::" not in name and re.match(r"^(__x64_|do_|sys_|entry_|tcp_|__?[a-z]|io_|ip_|skb|sock|ext4|[a-z_]+$)", name):
        return f"rgb({150 + tint},{180 + tint // 2},{230})"
    return f"rgb({235},{130 + 2 * tint},{60 + tint})"


def rectangles(frame, name, x, depth, least, scale):
    """Yields (x, depth, width, name, count) of each frame that is wide enough to see."""
    yield x, depth, frame.count * scale, name, frame.count
    for inner_name in sorted(frame.inner):
        inner = frame.inner[inner_name]
        if inner.count * scale >= least:
            yield from rectangles(inner, inner_name, x, depth + 1, least, scale)
        x += inner.count * scale


def draw(folded, title, least):
    top = tree(folded)
    if top.count == 0:
        sys.exit("flamegraph.py: no samples in the input")
    boxes = list(rectangles(top, "all", 0, 0, least, WIDTH / top.count))
    depth_max = max(box[1] for box in boxes)
    height = (depth_max + 1) * ROW + 40
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}">'
    yield "<style>text{font:11px monospace}rect{stroke:#fff;stroke-width:.5}rect:hover{stroke:#000}</style>"
    yield f'<text x="4" y="16">{html.escape(title)}: {top.count} samples</text>'
    for x, depth, width, name, count in boxes:
        y = height - (depth + 1) * ROW - 4
        label = html.escape(name)
        share = 100 * count / top.count
        yield f'<g><title>{label}: {count} ({share:.1f} %)</title>'
        yield f'<rect x="{x:.1f}" y="{y}" width="{width:.1f}" height="{ROW - 1}" fill="{color(name)}"/>'
        letters = int((width - 4) / CHARACTER)
        if letters >= 3:
            text = name if len(name) <= letters else name[: letters - 1] + "…"
            yield f'<text x="{x + 2:.1f}" y="{y + 11}" pointer-events="none">{html.escape(text)}</text>'
        yield "</g>"
    yield "</svg>"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--script", action="store_true", help="the input is what perf script prints")
    parser.add_argument("--fold", action="store_true", help="write folded stacks instead of a picture")
    parser.add_argument("--title", default="CPU time")
    parser.add_argument("--least", type=float, default=1.0, metavar="PIXELS", help="narrower frames are left out (1)")
    options = parser.parse_args()
    lines = sys.stdin.readlines()
    folded = fold_script(lines) if options.script else read_folded(lines)
    if options.fold:
        output = (f"{stack} {count}" for stack, count in sorted(folded.items()))
    else:
        output = draw(folded, options.title, options.least)
    for line in output:
        print(line)


if __name__ == "__main__":
    main()
