#!/usr/bin/env python3
"""Tells a difference from noise. Reads lines "A|B NAME NUMBER" from standard input, in the order in which they
were measured (the n-th A of a name belongs with the n-th B), and prints a verdict for each name.

A difference counts when the pairs agree: the median of their ratios lies further from 1 than half the
spread of the ratios (the distance of the quartiles) and than --least, and by a sign test so many pairs
on one side would be chance in less than one of twenty cases.
"""
import argparse
import math
import statistics
import sys


def quartiles(values):
    ordered = sorted(values)
    half = len(ordered) // 2
    return statistics.median(ordered[:half] or ordered), statistics.median(ordered[-half:] or ordered)


def chance(agreeing, pairs):
    """Of so many pairs or more on one side, whichever, if there were no difference."""
    tail = sum(math.comb(pairs, k) for k in range(agreeing, pairs + 1))
    return min(1.0, 2 * tail / 2**pairs)


def judge(a, b, least):
    """The verdict on two lists of paired figures, of which less is better."""
    ratios = [y / x for x, y in zip(a, b) if x > 0]
    if not ratios:
        return "no pairs"
    ratio = statistics.median(ratios)
    low, high = quartiles(ratios)
    agreeing = max(sum(r < 1 for r in ratios), sum(r > 1 for r in ratios))
    difference = abs(ratio - 1)
    if len(ratios) < 6:
        certain = False
        doubt = f"{len(ratios)} pairs prove nothing: take 6 or more"
    else:
        certain = difference > least and difference > (high - low) / 2 and chance(agreeing, len(ratios)) < 0.05
        doubt = "a tie: within the noise"
    if not certain:
        return f"{doubt} (B / A is {ratio:.3f}, half of the pairs between {low:.3f} and {high:.3f})"
    word = "less" if ratio < 1 else "more"
    return f"B takes {100 * difference:.1f} % {word} (half of the pairs between {low:.3f} and {high:.3f} of A)"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--least", type=float, default=0.02, help="a smaller difference is a tie (0.02)")
    options = parser.parse_args()
    figures = {}
    for line in sys.stdin:
        label, name, number = line.split()
        figures.setdefault(name, {"A": [], "B": []})[label].append(float(number))
    for name, sides in figures.items():
        medians = [statistics.median(sides[side]) if sides[side] else math.nan for side in "AB"]
        print(f"{name:<18} A {medians[0]:8.3f}   B {medians[1]:8.3f}   {judge(sides['A'], sides['B'], options.least)}")


if __name__ == "__main__":
    main()
