#!/usr/bin/env python3
"""The lines of threat.py as a table, and as a plot of what each rule catches among the first 5,000 and 10,000."""

import argparse
import json
import sys
from html import escape
from pathlib import Path

RULES = (("patchwave", "Patchwave", "#2b6cb0"), ("patchwave order", "by deadline, then score", "#90cdf4"), ("EPSS", "EPSS", "#c05621"),
         ("CVSS", "CVSS", "#718096"), ("Grype", "Grype's risk", "#2f855a"))
SIZES = ("first5000", "first10000")
BAR, GAP, LEFT, WIDTH = 9, 14, 190, 380


def figures(line, rule):
    """AUC, and what is caught among the first 5,000 and 10,000."""
    if rule not in line["rules"]:
        return "-"
    one = line["rules"][rule]
    return " ".join([f'{one["auc"]:.3f}', *(f"{100 * one[size] / line['events']:3.0f}%" for size in SIZES)])


def table(lines):
    rows = [["universe", "month", "CVEs", "exploited", "expected", "slope", "ECE", *(name for _, name, _ in RULES)]]
    for line in lines:
        rows.append([line["universe"], line["month"], f'{line["cves"]}', f'{line["events"]}', f'{line["expected"]:.1f}',
                     f'{line["calibrationSlope"]:.2f}', f'{line["calibrationError"]:.6f}', *(figures(line, rule) for rule, _, _ in RULES)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        yield "  ".join(cell.ljust(width) if at < 2 else cell.rjust(width) for at, (cell, width) in enumerate(zip(row, widths)))


def plot(totals):
    parts, at = [], 20
    for line in totals:
        for size in SIZES:
            parts.append(f'<text x="0" y="{at}" font-weight="bold">{escape(line["universe"])}: caught among the first '
                         f'{int(size[5:]):,} of {line["cves"] // line["months"]:,} a month</text>')
            at += GAP - 6
            for rule, name, colour in RULES:
                if rule not in line["rules"]:
                    continue
                share = line["rules"][rule][size] / line["events"]
                parts.append(f'<text x="0" y="{at + BAR}">{escape(name)}</text>')
                parts.append(f'<rect x="{LEFT}" y="{at + 1}" width="{max(1.0, WIDTH * share):.1f}" height="{BAR}" fill="{colour}"/>')
                parts.append(f'<text x="{LEFT + WIDTH * share + 6:.1f}" y="{at + BAR}" font-size="9">{100 * share:.0f} %</text>')
                at += BAR + 4
            at += GAP + 6
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 60}" height="{at}" font-family="sans-serif" font-size="11">\n'
            '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("lines", type=Path, help="the output of threat.py")
    parser.add_argument("--plot", type=Path, help="where to write the plot, an SVG")
    arguments = parser.parse_args()
    lines = [json.loads(line) for line in arguments.lines.read_text().splitlines()]
    if not lines:
        sys.exit(f"{arguments.lines} has no month")
    lines.sort(key=lambda line: line["universe"] != "scored")
    print("\n".join(table(lines)))
    print("Of each rule: AUC, and the share of the exploited among its first 5,000 and 10,000.")
    if arguments.plot:
        arguments.plot.write_text(plot([line for line in lines if line["month"] == "all"]))


if __name__ == "__main__":
    main()
