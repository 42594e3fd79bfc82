"""Fleets for plan_replay.py: what was published from April 2024 on, as patches of asset groups, and what was known of each on a day."""

import bisect
import csv
import datetime
import json
import random
from dataclasses import dataclass, field

import threat_data

FIRST = datetime.date(2024, 4, 1)
LAST = datetime.date(2025, 5, 31)
# EPSS as it was begins with the replay, so the model can't be older. What KEV had until then it was fitted to, and is not counted.
FITTED_UNTIL = datetime.date(2024, 6, 30)
MOST_OF_A_PRODUCT = 40
CVES_OF_A_GROUP = 230
# Popularity of a product by its place when all are sorted by their number of CVEs.
ZIPF = 0.7

# name, systems, criticality, exposure, what a system is worth (the impact weights of docs/ranking.md)
GROUPS = (("web", 40, "high", "open", 2), ("finance", 20, "very high", "controlled", 4), ("office", 400, "medium", "small", 1))


@dataclass
class Cve:
    name: str
    published: datetime.date
    cvss: float
    vector: str
    vendor: str
    product: str
    automatable: str
    technical_impact: str
    kev: datetime.date | None = None
    signals: dict = field(default_factory=dict)  # Source to the day it was first seen.
    epss: list = field(default_factory=list)  # (day, score), ascending.

    def score_on(self, day):
        """The EPSS score of that day, None before the first one."""
        at = bisect.bisect_right(self.epss, (day, 2.0))
        return self.epss[at - 1][1] if at else None

    def in_kev(self, day):
        return self.kev is not None and self.kev <= day


@dataclass
class Patch:
    name: str
    cve: Cve
    group: int
    affected: int


@dataclass
class Fleet:
    seed: int
    patches: list  # By publication.

    def weekly_inflow(self, group):
        mine = [patch for patch in self.patches if patch.group == group]
        return len(mine) / ((mine[-1].cve.published - FIRST).days / 7)


def read_cves():
    """Those with a CVSS vector. SSVC's exploitation and the KEV column are final values and not read."""
    with threat_data.open_text(threat_data.vulnrichment_path()) as file:
        cves = {row["cve"]: Cve(row["cve"], threat_data.date(row["published"][:10]), float(row["cvss"]), row["vector"], row["vendor"], row["product"],
                                row["ssvc_automatable"].lower(), row["ssvc_technical_impact"].lower())
                for row in csv.DictReader(file)
                if row["published"] >= str(FIRST) and row["vector"].startswith("CVSS:3") and row["vendor"] not in ("", "n/a", "Unknown")}
    for name, day in threat_data.kev_added().items():
        if name in cves:
            cves[name].kev = day
    read_signals(cves)
    read_epss(cves)
    return cves


def read_signals(cves):
    for path in threat_data.signal_paths():
        with threat_data.open_text(path) as file:
            for row in csv.DictReader(file):
                cve = cves.get(row["cve"])
                day = row.get("first_seen") or row.get("first_report")
                source = row.get("source") or ("in the wild" if "first_report" in row else "PoC")
                if cve and day and source != "EPSS":
                    seen = threat_data.date(day)
                    cve.signals[source] = min(seen, cve.signals.get(source, seen))


def read_epss(cves):
    """Weekly; '=' is as the week before, '' not scored yet, '-' missing."""
    with threat_data.open_text(threat_data.folder() / "epss" / "epss_weekly_2024plus.csv.gz") as file:
        days = [threat_data.date(column) for column in file.readline().strip().split(",")[1:]]
        for line in file:
            name, *scores = line.rstrip("\n").split(",")
            if name not in cves:
                continue
            last = None
            for day, text in zip(days, scores):
                if text not in ("", "-", "="):
                    last = float(text)
                    cves[name].epss.append((day, last))


def products_of(cves):
    """CVEs by product, the product with the most first."""
    by_product = {}
    for cve in cves.values():
        by_product.setdefault((cve.vendor, cve.product), []).append(cve)
    return sorted(by_product.values(), key=lambda each: (-len(each), each[0].vendor, each[0].product))


def make_fleet(seed, products):
    rng = random.Random(f"fleet/{seed}")
    patches = []
    for group, (name, systems, *_) in enumerate(GROUPS):
        drawn = sorted(range(len(products)), key=lambda place: rng.expovariate(1) * (place + 1) ** ZIPF)
        count = 0
        for place in drawn:
            chosen = products[place] if len(products[place]) <= MOST_OF_A_PRODUCT else rng.sample(products[place], MOST_OF_A_PRODUCT)
            affected = max(1, round(systems * rng.uniform(0.1, 1)))
            patches += [Patch(f"{name}-{cve.name}", cve, group, affected) for cve in chosen]
            count += len(chosen)
            if count >= CVES_OF_A_GROUP:
                break
    return Fleet(seed, sorted(patches, key=lambda patch: (patch.cve.published, patch.name)))


def read_bod_table():
    """Deadline class by (in KEV, exposed, automatable, technical impact), as published."""
    with (threat_data.folder() / "samples" / "ssvc" / "cisa_bod_26_04_1_0_0.csv").open() as file:
        return {tuple(row[1:5]): row[5] for row in list(csv.reader(file))[1:]}


def environment(day, days, windows, minutes):
    """The environment of a plan from `day` on: `windows` and `minutes` by group. All systems of a group at once, so that a window of
    10 + n minutes has room for n patches: capacity is counted in patches, for the peers too."""
    groups = [{"name": name, "count": systems, "capacity": systems, "criticality": criticality, "exposure": exposure,
               "window": [f"{window} 02:00-{2 + total // 60:02}:{total % 60:02}"] if total else []}
              for (name, systems, criticality, exposure, _), window, total in zip(GROUPS, windows, minutes)]
    return json.dumps({"asOf": str(day), "horizonDays": days, "timezone": "Etc/UTC", "topN": 100000, "waves": 1, "assetGroups": groups})
