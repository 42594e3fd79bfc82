#!/usr/bin/env python3
"""How well the threat model tells what will be exploited, month by month after the last day of its fit, by running
`kubectl-patchwave rank --as-of` on the public feeds of PATCHWAVE_DATA as they were then.

Two universes: "scored", every CVE that EPSS scores, known by its name alone; and "described", those that vulnrichment had
published by then with a CVSS vector. Both without what is in KEV already. The truth is what KEV adds within 90 days. Beside it:
EPSS, CVSS, and the risk formula of Grype, on the same CVEs. JSON, a line a month and universe and one for all months, goes to
standard output. Needs a build, and Debian's python3-numpy."""

import argparse
import csv
import json
import pathlib
import tempfile

import numpy

import threat_data

SIZES = (5000, 10000)
LEAST_DAYS = 60
BINS = 10
# grype/vulnerability/metadata.go: the score that a severity's word stands for.
SEVERITY_WORDS = ((9.0, 9.0), (7.0, 7.5), (4.0, 5.0), (0.1, 3.0), (0.0, 0.5))


def area_under_curve(truth, score):
    """The probability that an event is above what is none; ties count half."""
    _, inverse, counts = numpy.unique(score, return_inverse=True, return_counts=True)
    ranks = (numpy.cumsum(counts) - (counts - 1) / 2)[inverse]
    events = truth.sum()
    return float((ranks[truth].sum() - events * (events + 1) / 2) / (events * (len(truth) - events)))


def caught(truth, score, size):
    """Events among the first; a tie across the border counts by its share."""
    if len(score) <= size:
        return float(truth.sum())
    border = numpy.partition(score, -size)[-size]
    above, at = score > border, score == border
    return float(truth[above].sum() + truth[at].sum() * (size - above.sum()) / at.sum())


def calibration_slope(truth, probability):
    """Of a logistic regression of what happened on the log odds of what was said: 1 is right, less is too sure."""
    log_odds = numpy.log(probability / (1 - probability))
    weights = numpy.array([0.0, 1.0])
    design = numpy.column_stack([numpy.ones(len(truth)), log_odds])
    for _ in range(50):
        mean = 1 / (1 + numpy.exp(-design @ weights))
        step = numpy.linalg.solve((design.T * (mean * (1 - mean))) @ design, design.T @ (truth - mean))
        weights += step
        if numpy.abs(step).max() < 1e-9:
            break
    return float(weights[1])


def calibration_error(truth, probability):
    """Expected calibration error over bins of equal mass of CVEs."""
    order = numpy.argsort(probability, kind="stable")
    return float(sum(abs(truth[part].mean() - probability[part].mean()) * len(part)
                     for part in numpy.array_split(order, BINS)) / len(truth))


def severity_of(score):
    word = next(value for least, value in SEVERITY_WORDS if score >= least)
    return (word + score) / 20


def epss_on(day, days):
    """The newest score of each CVE, at most 60 days old."""
    columns = [index for index, each in enumerate(days) if day - 60 * threat_data.DAY < each <= day]
    scores = {}
    with threat_data.open_text(threat_data.epss_path()) as file:
        file.readline()
        for line in file:
            cve, *fields = line.rstrip("\n").split(",")
            known = [fields[index] for index in columns if fields[index]]
            if known:
                scores[cve] = float(known[-1])
    return scores


def rank(day, findings, scratch):
    output = scratch / "ranking.csv"
    signals = [word for path in threat_data.signal_paths() for word in ("--signals", path)]
    threat_data.run([threat_data.build() / "bin" / "kubectl-patchwave", "rank", "--findings", findings, "--epss", threat_data.epss_path(),
                     "--kev", threat_data.kev_path(), *signals, "--as-of", day, "--output", "csv"], output)
    with output.open() as file:
        return {row["cve"]: (float(row["probability"]), -int(row["rank"])) for row in csv.DictReader(file)}


def measured(truth, rules, probability):
    """Figures of one universe; `rules` is by name what each would sort by."""
    return {"cves": len(truth), "events": int(truth.sum()), "expected": float(probability.sum()),
            "calibrationSlope": calibration_slope(truth, probability), "calibrationError": calibration_error(truth, probability),
            "rules": {name: {"auc": area_under_curve(truth, score), **{f"first{size}": caught(truth, score, size) for size in SIZES}}
                      for name, score in rules.items()}}


def universe(day, end, kev, cves, ranked, others):
    chosen = [cve for cve in cves if cve in ranked and not kev.get(cve, end + threat_data.DAY) <= day]
    truth = numpy.array([day < kev.get(cve, day) <= end for cve in chosen])
    probability = numpy.array([ranked[cve][0] for cve in chosen])
    rules = {"patchwave": probability, "patchwave order": numpy.array([ranked[cve][1] for cve in chosen], float)}
    rules |= {name: numpy.array([of(cve) for cve in chosen]) for name, of in others.items()}
    return truth, rules


def month(day, end, days, kev, described, scratch):
    epss = epss_on(day, days)
    findings = scratch / "findings.csv"
    threat_data.write_findings(findings, ([cve] for cve in epss))
    yield "scored", universe(day, end, kev, epss, rank(day, findings, scratch), {"EPSS": epss.get})
    there = {cve: row for cve, row in described.items() if threat_data.date(row["published"][:10]) <= day and cve in epss}
    threat_data.write_findings(findings, ([cve, row["vector"], row["published"]] for cve, row in there.items()),
                               ("cve", "cvss_vector", "published"))

    def cvss(cve):
        return float(there[cve]["cvss"])

    yield "described", universe(day, end, kev, there, rank(day, findings, scratch),
                                {"EPSS": epss.get, "CVSS": cvss, "Grype": lambda cve: epss[cve] * severity_of(cvss(cve))})


def read_described():
    with threat_data.open_text(threat_data.vulnrichment_path()) as file:
        return {row["cve"]: row for row in csv.DictReader(file)
                if row["published"] and row["cvss"] and row["vector"].startswith(("CVSS:3", "CVSS:4"))}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--since", type=threat_data.date, default=threat_data.date("2024-09-30"),
                        help="the last day of the fit (2024-09-30)")
    arguments = parser.parse_args()
    kev, described, days = threat_data.kev_added(), read_described(), threat_data.snapshots()
    last = max(kev.values())
    pooled = {}
    with tempfile.TemporaryDirectory() as name:
        for day in days:
            end = min(day + threat_data.HORIZON, last)
            if day <= arguments.since or (end - day).days < LEAST_DAYS:
                continue
            for kind, (truth, rules) in month(day, end, days, kev, described, pathlib.Path(name)):
                probability = rules["patchwave"] * ((end - day) / threat_data.HORIZON)
                figures = measured(truth, rules, probability)
                print(json.dumps({"month": str(day), "days": (end - day).days, "universe": kind, **figures}), flush=True)
                pooled.setdefault(kind, []).append((truth, probability, figures))
    for kind, parts in pooled.items():
        truth = numpy.concatenate([part[0] for part in parts])
        probability = numpy.concatenate([part[1] for part in parts])
        figures = [part[2] for part in parts]
        rules = {name: {"auc": float(numpy.mean([each["rules"][name]["auc"] for each in figures])),
                        **{f"first{size}": sum(each["rules"][name][f"first{size}"] for each in figures) for size in SIZES}}
                 for name in figures[0]["rules"]}
        print(json.dumps({"month": "all", "universe": kind, "months": len(parts), "cves": len(truth), "events": int(truth.sum()),
                          "expected": float(probability.sum()), "calibrationSlope": calibration_slope(truth, probability),
                          "calibrationError": calibration_error(truth, probability), "rules": rules}))


if __name__ == "__main__":
    main()
