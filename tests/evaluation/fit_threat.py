#!/usr/bin/env python3
"""Fits the threat model to the public feeds of PATCHWAVE_DATA and writes its data file.

A Poisson regression with a log link (iteratively reweighted least squares, ridge penalty) on monthly snapshots: of every
CVE that EPSS scores and KEV doesn't list on a day, is it added to KEV within 90 days, as far as those are over by --until?
Nothing later is looked at but the places of EPSS v4 scores among all, which have no outcome in them. The CVSS parts are
fitted in a second step, to CVEs of the year of the fit: older ones have vectors in vulnrichment mostly because they came to
be exploited. Features come from the product itself. Needs a build, and Debian's python3-numpy."""

import argparse
import collections
import json
import pathlib
import tempfile

import numpy

import threat_data

CVSS = ("networkVector", "lowComplexity", "noPrivileges", "noInteraction", "totalImpact")
LOWERS = ("age",)
PLACES = (("v3", "2024-09-01"), ("v4", "2025-06-01"))
Snapshot = collections.namedtuple("Snapshot", "cves features events share")


def features_on(day, findings, vulnrichment, scratch):
    output = scratch / "features.csv"
    threat_data.run([threat_data.build() / "tests" / "evaluation" / "evaluate_threat_features", day, findings,
                     threat_data.epss_path(), threat_data.kev_path(), vulnrichment, *threat_data.signal_paths()], output)
    with output.open() as file:
        names = file.readline().strip().split(",")[2:]
        rows = [line.rstrip("\n").split(",") for line in file]
    values = numpy.array([[float(value) if value else numpy.nan for value in row[2:]] for row in rows])
    scored = ~numpy.isnan(values[:, names.index("epssPlace")])
    open_ones = numpy.array([row[1] == "0" for row in rows])
    keep = scored & open_ones
    return [row[0] for row, kept in zip(rows, keep) if kept], names, values[keep]


def snapshot(day, until, findings, vulnrichment, kev, scratch):
    cves, names, values = features_on(day, findings, vulnrichment, scratch)
    end = min(day + threat_data.HORIZON, until)
    events = numpy.array([1.0 if day < kev.get(cve, day) <= end else 0.0 for cve in cves])
    return names, Snapshot(cves, values, events, (end - day) / threat_data.HORIZON)


def poisson(features, events, offset, ridge, free_intercept=True):
    """Weights, the first one the intercept, which is not penalized."""
    design = numpy.column_stack([numpy.ones(len(features)), features])
    penalty = numpy.full(design.shape[1], ridge)
    penalty[0] = 0
    weights = numpy.zeros(design.shape[1])
    weights[0] = numpy.log(events.sum() / numpy.exp(offset).sum())
    for _ in range(100):
        mean = numpy.exp(design @ weights + offset)
        gradient = design.T @ (events - mean) - penalty * weights
        curvature = (design.T * mean) @ design + numpy.diag(penalty)
        step = numpy.linalg.solve(curvature, gradient)
        step *= min(1, 2 / numpy.abs(step).max())
        weights += step
        if numpy.abs(step).max() < 1e-8:
            break
    return weights


def fit_signed(names, features, events, offset, ridge):
    """Terms whose sign would be against what they mean are left out, and the rest fitted again."""
    kept = list(range(len(names)))
    while True:
        weights = poisson(features[:, kept], events, offset, ridge)
        wrong = [index for index, weight in zip(kept, weights[1:]) if weight * (-1 if names[index] in LOWERS else 1) < 0]
        if not wrong:
            return weights[0], dict(zip((names[index] for index in kept), weights[1:]))
        kept = [index for index in kept if index not in wrong]


def stack(snapshots, columns):
    features = numpy.vstack([each.features[:, columns] for each in snapshots])
    events = numpy.concatenate([each.events for each in snapshots])
    offset = numpy.concatenate([numpy.full(len(each.events), numpy.log(each.share)) for each in snapshots])
    return features, events, offset


def fit_first(names, snapshots, ridge):
    """What every CVE has. What isn't known is the average."""
    columns = [index for index, name in enumerate(names) if name not in CVSS]
    features, events, offset = stack(snapshots, columns)
    reference = numpy.nanmean(features, axis=0)
    centred = numpy.nan_to_num(features - reference)
    intercept, weights = fit_signed([names[index] for index in columns], centred, events, offset, ridge)
    references = dict(zip((names[index] for index in columns), reference))
    return intercept, [(name, weight, references[name]) for name, weight in weights.items()]


def fit_second(names, snapshots, first, year, ridge):
    """CVSS parts on top of the first step, centred so that they add nothing on the whole."""
    chosen = []
    for each in snapshots:
        keep = numpy.array([cve.startswith(f"CVE-{year}-") for cve in each.cves])
        keep &= ~numpy.isnan(each.features[:, names.index(CVSS[0])])
        chosen.append(each._replace(features=each.features[keep], events=each.events[keep], cves=None))
    features, events, offset = stack(chosen, [names.index(name) for name in CVSS])
    everything, _, _ = stack(chosen, list(range(len(names))))
    intercept, terms = first
    known = intercept + sum(weight * numpy.nan_to_num(everything[:, names.index(name)] - reference)
                            for name, weight, reference in terms)
    _, weights = fit_signed(CVSS, features, events, offset + known, ridge)
    kept = [CVSS.index(name) for name in weights]
    added = features[:, kept] @ numpy.array(list(weights.values()))
    # One shift, shared out among the terms as their means are.
    base = numpy.exp(offset + known)
    shift = numpy.log((base * numpy.exp(added)).sum() / base.sum())
    means = features[:, kept].mean(axis=0)
    scale = shift / (means @ numpy.array(list(weights.values())))
    return [(name, weight, mean * scale) for (name, weight), mean in zip(weights.items(), means)], int(events.sum())


def places(day):
    """Scores at round places among all scores of the day: [score, −ln(share above)]."""
    column = [text.isoformat() for text in threat_data.snapshots()].index(day) + 1
    with threat_data.open_text(threat_data.epss_path()) as file:
        file.readline()
        scores = sorted(float(text) for text in (line.rstrip("\n").split(",")[column] for line in file) if text)
    knots = {}
    for place in numpy.arange(0.1, 9.05, 0.3):
        score = scores[min(len(scores) - 1, int(len(scores) * (1 - numpy.exp(-place))))]
        knots.setdefault(score, round(float(place), 2))
    return [[score, place] for score, place in sorted(knots.items())]


def print_model(model):
    """JSON with a term and a list of places a line: a new fit is read as a difference."""
    def one(value):
        return json.dumps(value, ensure_ascii=False)

    lines = [f'  "{key}": {one(model[key])},' for key in ("name", "provenance", "intercept", "knownExploited")]
    lines += ['  "terms": [', ",\n".join(f"    {one(term)}" for term in model["terms"]), "  ],"]
    lines += ['  "epssPlaces": {', ",\n".join(f'    "{version}": {one(knots)}' for version, knots in model["epssPlaces"].items()), "  }"]
    return "\n".join(["{", *lines, "}", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=pathlib.Path, help="the data file: controllers/risk/threat_model.json")
    parser.add_argument("--until", type=threat_data.date, default=threat_data.date("2024-09-30"),
                        help="the last day that is looked at (2024-09-30)")
    parser.add_argument("--ridge", type=float, default=1.0)
    arguments = parser.parse_args()
    kev = {cve: added for cve, added in threat_data.kev_added().items() if added <= arguments.until}
    # The first snapshot has none before it to tell a trend from.
    days = [day for day in threat_data.snapshots()[1:] if day + 14 * threat_data.DAY < arguments.until]
    with tempfile.TemporaryDirectory() as name:
        scratch = pathlib.Path(name)
        findings = scratch / "findings.csv"
        threat_data.write_findings(findings, ([cve] for cve in threat_data.cves()))
        plain = [snapshot(day, arguments.until, findings, "", kev, scratch) for day in days]
        names = plain[0][0]
        first = fit_first(names, [each for _, each in plain], arguments.ridge)
        with_cvss = [snapshot(day, arguments.until, findings, threat_data.vulnrichment_path(), kev, scratch)[1] for day in days]
    second, cvss_events = fit_second(names, with_cvss, first, arguments.until.year, 3 * arguments.ridge)
    intercept, terms = first
    events = int(sum(each.events.sum() for _, each in plain))
    rows = sum(len(each.events) for _, each in plain)
    model = {
        "name": f"threat-{arguments.until}",
        "provenance": f"Poisson regression of additions to CISA's KEV within 90 days on {len(days)} monthly snapshots from {days[0]} to "
                      f"{days[-1]}, outcomes until {arguments.until}: {rows} CVE-snapshots, {events} additions ({cvss_events} for the CVSS "
                      f"parts). Feeds: EPSS by FIRST, KEV and vulnrichment by CISA (CC0-1.0), patchthisapp by RogoLabs (Apache-2.0), "
                      f"trickest/cve (MIT), inthewilddb by gmatuz (Apache-2.0). Made by ./dev fit threat.",
        "intercept": round(float(intercept), 4),
        "knownExploited": 0.99,
        "terms": [{"feature": name, "weight": round(float(weight), 4), "reference": round(float(reference), 4)}
                  for name, weight, reference in terms + second],
        "epssPlaces": {version: places(day) for version, day in PLACES},
    }
    arguments.output.write_text(print_model(model))
    print(f"{arguments.output}: {events} additions to KEV in {rows} CVE-snapshots until {arguments.until}")
    for term in model["terms"]:
        print(f"  {term['feature']:16} weight {term['weight']:8.4f}  reference {term['reference']:8.4f}")


if __name__ == "__main__":
    main()
