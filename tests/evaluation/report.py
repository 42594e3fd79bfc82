#!/usr/bin/env python3
"""The lines of evaluate_judge and evaluate_recorded as a table, and as a plot of how often each rule is wrong and how soon it is right."""

import argparse
import json
import sys
from html import escape
from pathlib import Path

RULES = (("harm", "Patchwave", "#2b6cb0"), ("kayentaHigh", "Kayenta", "#c05621"), ("thresholdFires", "threshold gate", "#718096"),
         ("mannWhitneyHigh", "Mann-Whitney", "#b83280"))
NEVER = {"share": None, "minutesMedian": None}
COLUMNS = ("case", *(f"{name} {what}" for _, name, _ in RULES for what in ("%", "minutes")), "Pass %", "Pass minutes", "events / bound", "p90",
           "oracle / bound", "p90", "bound at share")
BAR, GAP, LEFT, WIDTH = 9, 12, 150, 420


def percent(share):
    return "-" if share is None else f"{100 * share:.2f}"


def minutes(value):
    return "-" if value is None else f"{value:.0f}"


def by_bound(case, name):
    bound = case["harmEventsBound"]
    return f"{case[name] / bound:.2f}" if bound and case[name] is not None else "-"


def row(case):
    cells = [case["case"]]
    for rule, _, _ in RULES:
        said = case.get(rule, NEVER)
        cells += [percent(said["share"]), minutes(said["minutesMedian"])]
    cells += [percent(case["pass"]["share"]), minutes(case["pass"]["minutesMedian"])]
    events = ("harmEventsMedian", "harmEventsP90", "oracleEventsMedian", "oracleEventsP90", "harmEventsBoundAtShare")
    return cells + [by_bound(case, name) for name in events]


def table(cases):
    rows = [COLUMNS, *(row(case) for case in cases)]
    widths = [max(len(cells[column]) for cells in rows) for column in range(len(COLUMNS))]
    for cells in rows:
        yield "  ".join(cell.ljust(width) if at == 0 else cell.rjust(width) for at, (cell, width) in enumerate(zip(cells, widths)))


def bars(cases, title, top, of, text, most):
    """A group of bars for each case, one bar a rule; `of` is a bar's length, None when there is nothing to show."""
    yield f'<text x="0" y="{top}" font-weight="bold">{escape(title)}</text>'
    at = top + GAP
    for case in cases:
        yield f'<text x="0" y="{at + 2 * BAR}">{escape(case["case"])}</text>'
        for rule, _, colour in RULES:
            if rule not in case:
                continue
            length = of(case[rule])
            if length is not None:
                yield f'<rect x="{LEFT}" y="{at}" width="{max(1.0, WIDTH * length / most):.1f}" height="{BAR - 1}" fill="{colour}"/>'
            yield f'<text x="{LEFT + WIDTH * (length or 0) / most + 6:.1f}" y="{at + BAR - 1}" font-size="8">{text(case[rule])}</text>'
            at += BAR
        at += GAP


def plot(cases):
    nulls, worse = ([case for case in cases if (case["ratio"] != 1) == is_worse] for is_worse in (False, True))
    group = len(RULES) * BAR + GAP
    second = 60 + len(nulls) * group + 2 * GAP
    longest = max(case.get(rule, NEVER)["minutesMedian"] or 0 for case in worse for rule, _, _ in RULES) if worse else 1
    parts = [f'<text x="{LEFT + 130 * at}" y="14" fill="{colour}">{escape(name)}</text>' for at, (_, name, colour) in enumerate(RULES)]
    parts += bars(nulls, "Nothing is wrong: put back within a day", 40, lambda rule: rule["share"],
                  lambda rule: percent(rule["share"]) + " %", 1)
    parts += bars(worse, "The patch is worse: minutes until it is put back (median of those that are)", second,
                  lambda rule: rule["minutesMedian"],
                  lambda rule: f'{minutes(rule["minutesMedian"])} ({percent(rule["share"])} %)', longest)
    height = second + GAP + len(worse) * group
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 120}" height="{height}" font-family="sans-serif" '
            f'font-size="11">\n<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path, help="the output of evaluate_judge and of evaluate_recorded")
    parser.add_argument("--plot", type=Path, help="where to write the plot, an SVG")
    arguments = parser.parse_args()
    cases = [json.loads(line) for line in arguments.lines.read_text().splitlines()]
    if not cases:
        sys.exit(f"{arguments.lines} has no case")
    print("\n".join(table(cases)))
    if arguments.plot:
        arguments.plot.write_text(plot(cases))


if __name__ == "__main__":
    main()
