#!/usr/bin/env python3
"""The lines of plan_replay.py as a table for each capacity, with 95 % intervals of a paired bootstrap over fleets, and all of it as JSON."""

import argparse
import json
import sys
from pathlib import Path

import numpy

BASE = "CVSS monthly"
RIVAL = "CVSS monthly + KEV trigger"
RESAMPLES = 2000
LEAST_POINTS, LEAST_SHARE = 5, 0.3


def read(path):
    """By capacity, then policy: the lines in the order of the fleets, of fleets that everybody is through with."""
    cells = {}
    for line in map(json.loads, path.read_text().splitlines()):
        cells.setdefault(line["capacity"], {}).setdefault(line["policy"], {})[line["fleet"]] = line
    for policies in cells.values():
        common = sorted(set.intersection(*(set(fleets) for fleets in policies.values())))
        for name, fleets in policies.items():
            policies[name] = [fleets[fleet] for fleet in common]
    return cells


def column(lines, name):
    return numpy.array([line[name] if line[name] is not None else numpy.inf for line in lines], float)


def interval(statistic, *columns):
    """The statistic of all fleets, and the middle 95 % of it over resampled ones."""
    random = numpy.random.default_rng(7)
    fleets = len(columns[0])
    drawn = (random.integers(0, fleets, fleets) for _ in range(RESAMPLES))
    low, high = numpy.quantile([statistic(*(each[at] for each in columns)) for at in drawn], (0.025, 0.975))
    return {"value": float(statistic(*columns)), "low": float(low), "high": float(high)}


def saved(ours, theirs):
    """The share that is less than theirs."""
    return 1 - ours.sum() / theirs.sum()


def cell(lines, base, rival):
    names = ("xKev", "xPub", "impactMinutes")
    return {"fleets": len(lines),
            "xKevSaved": interval(saved, column(lines, "xKev"), column(base, "xKev")),
            "xPubSaved": interval(saved, column(lines, "xPub"), column(base, "xPub")),
            "preempted": interval(lambda share, count: (share * count).sum() / count.sum(), column(lines, "preempted"), column(lines, "kevPatches")),
            "medianDays": interval(numpy.median, column(lines, "medianDays")),
            "impactPerPatch": interval(lambda minutes, fixed: minutes.sum() / fixed.sum(), column(lines, "impactMinutes"), column(lines, "fixed")),
            "outOfCycle": interval(lambda share, installs: (share * installs).sum() / installs.sum(), column(lines, "outOfCycle"),
                                   column(lines, "installs")),
            "xPubPoints": interval(lambda ours, theirs, common: 100 * (theirs.sum() - ours.sum()) / common.sum(), column(lines, "xPub"),
                                   column(rival, "xPub"), column(base, "xPub")),
            "impactSaved": interval(saved, column(lines, "impactMinutes"), column(rival, "impactMinutes")),
            "impactSavedBothWithCanary": interval(saved, column(lines, "impactWithCanary"), column(rival, "impactWithCanary")),
            "xPubSavedAll": interval(saved, column(lines, "xPubAll"), column(base, "xPubAll")),
            "totals": {name: float(column(lines, name).sum()) for name in names}}


def percent(figure, digits=1):
    return f"{100 * figure['value']:.{digits}f} [{100 * figure['low']:.{digits}f}, {100 * figure['high']:.{digits}f}]"


def plain(figure, digits=1):
    return f"{figure['value']:.{digits}f} [{figure['low']:.{digits}f}, {figure['high']:.{digits}f}]"


HEADINGS = ("policy", "X_kev saved %", "X_pub saved %", "patched before KEV %", "median days", "impact minutes a patch", "out of cycle %",
            "X_pub points over rival", "impact saved to rival %", "both with canary %", "target")


def row(name, figures):
    met = ""
    if name.startswith("Patchwave"):
        points = figures["xPubPoints"]["value"] >= LEAST_POINTS
        share = figures["impactSaved"]["value"] >= LEAST_SHARE
        met = f"X_pub {'met' if points else 'missed'}, impact {'met' if share else 'missed'}"
    return (name, percent(figures["xKevSaved"]), percent(figures["xPubSaved"]), percent(figures["preempted"]), plain(figures["medianDays"]),
            plain(figures["impactPerPatch"], 0), percent(figures["outOfCycle"], 2), plain(figures["xPubPoints"]),
            percent(figures["impactSaved"]), percent(figures["impactSavedBothWithCanary"]), met)


def table(rows):
    widths = [max(len(each[at]) for each in rows) for at in range(len(HEADINGS))]
    return "\n".join("  ".join(text.ljust(width) for text, width in zip(each, widths)).rstrip() for each in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path, help="the output of plan_replay.py")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    arguments = parser.parse_args()
    everything = {}
    for capacity, policies in read(arguments.lines).items():
        if not policies.get(BASE):
            sys.exit(f"{arguments.lines}: no fleet has gone through all policies at capacity {capacity}")
        figures = {name: cell(lines, policies[BASE], policies[RIVAL]) for name, lines in policies.items()}
        everything[str(capacity)] = figures
        print(f"Capacity {capacity} of the inflow, {len(policies[BASE])} fleets. Saved: less than by {BASE}; the rival is {RIVAL}.")
        print(table([HEADINGS, *(row(name, each) for name, each in figures.items())]) + "\n")
    if arguments.json:
        arguments.json.write_text(json.dumps(everything, indent=1) + "\n")


if __name__ == "__main__":
    main()
