#!/usr/bin/env python3
"""How far plans are from the best there is: random months, planned by `kubectl-patchwave plan` and solved exactly by HiGHS.

The solver is given the windows, durations, deadlines and precedence of waves as docs/planning.md states them, and nothing of the
planner. It is asked twice: for the fewest that are late, in waves of any size; and for the least exposure with waves of the sizes in
the plan and no more late than there. A JSON line for each month, one for all last."""

import argparse
import datetime
import itertools
import json
import pathlib
import random
import tempfile

import numpy
import threat_data
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import coo_array

AS_OF = datetime.datetime(2024, 7, 29, tzinfo=datetime.UTC)
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
SYSTEM, PATCH = 10, 1  # Minutes, by the 90th percentile.
SOLVER_SECONDS = 120
VECTOR = "CVSS:3.1/AV:{}/AC:L/PR:{}/UI:N/S:U/C:{}/I:{}/A:N"
HEADER = "patch_id,cve,vendor,product,vendor_release_date,cvss_vector,epss,kev,asset_group,affected_systems,detected"


def minutes(text):
    return (datetime.datetime.fromisoformat(text) - AS_OF).total_seconds() / 60


def random_month(rng):
    """An environment, and the rows of its patches."""
    count = rng.randint(4, 40)
    begin = rng.choice((60, 120, 1200))
    length = rng.randint(20, 120)
    days = sorted(rng.sample(range(7), rng.randint(1, 2)))
    environment = {"asOf": AS_OF.date().isoformat(), "horizonDays": rng.choice((14, 21)), "topN": rng.randint(0, 3), "waves": rng.randint(1, 3),
                   "assetGroups": [{"name": "all", "count": count, "capacity": rng.randint(1, max(1, count // 2)), "criticality": "high",
                                    "exposure": rng.choice(("open", "controlled")),
                                    "window": f"{','.join(DAYS[day] for day in days)} {clock(begin)}-{clock(begin + length)}"}]}
    rows = []
    for index in range(rng.randint(4, 12)):
        vector = VECTOR.format(rng.choice("NL"), rng.choice("NL"), rng.choice("HL"), rng.choice("HN"))
        detected = AS_OF.date() - datetime.timedelta(days=rng.choice((0, 0, 3, 8, 40, 50)))
        rows.append(f"P{index},CVE-2024-{1000 + index},Acme,Gate,2024-06-01,{vector},{rng.choice((0.0004, 0.003, 0.05, 0.4))},"
                    f"{int(rng.random() < 0.1)},all,{rng.randint(1, count)},{detected}")
    return environment, rows


def clock(minute):
    return f"{minute // 60:02}:{minute % 60:02}"


def windows_of(environment):
    """[begin, end) of each opening, in minutes from the plan's midnight."""
    rule = environment["assetGroups"][0]["window"]
    days, hours = rule.split(" ")
    begin, end = (60 * int(part[:2]) + int(part[3:]) for part in hours.split("-"))
    first = AS_OF.weekday()
    return [(1440 * day + begin, 1440 * day + end) for day in range(environment["horizonDays"])
            if DAYS[(first + day) % 7] in days.split(",")]


class Month:
    """As the solver sees it; the top's jobs are the first."""

    def __init__(self, environment, plan):
        group = environment["assetGroups"][0]
        items = plan["items"]
        self.rounds = [-(-item["affectedSystems"] // group["capacity"]) for item in items]
        self.loss = [item["score"] * item["affectedSystems"] / 90 for item in items]
        self.due = [minutes(item["due"]) if item["due"] else None for item in items]
        self.windows = windows_of(environment)
        self.top = min(environment["topN"], len(items))
        self.waves = environment["waves"] + 1
        names = [item["patch"] for item in items]
        self.sizes = [sum(item["wave"] == wave for item in items) for wave in ("top", *(f"wave-{n}" for n in range(1, self.waves)))]
        self.start = [None] * len(items)
        self.late = [False] * len(items)
        for each in plan["calendar"]:
            index = names.index(each["patch"])
            self.start[index] = minutes(each["windowStart"])
            self.late[index] = each["late"]

    def exposure(self):
        return sum(loss * start / 1440 for loss, start in zip(self.loss, self.start))


class Program:
    """A mixed-integer program of x[job, opening, wave], y[opening, wave], the furthest round of each opening, and late[job]."""

    def __init__(self, month):
        self.month, self.rows, self.low, self.high = month, [], [], []
        self.jobs, self.openings, self.waves = len(month.rounds), len(month.windows), month.waves
        self.many = self.jobs * self.openings * self.waves

    def x(self, job, opening, wave):
        return (job * self.openings + opening) * self.waves + wave

    def y(self, opening, wave):
        return self.many + opening * self.waves + wave

    def furthest(self, opening):
        return self.many + self.openings * self.waves + opening

    def late(self, job):
        return self.furthest(self.openings) + job

    def row(self, terms, low, high):
        self.rows.append(terms)
        self.low.append(low)
        self.high.append(high)

    def in_opening(self, job, opening, factor=1.0):
        return [(self.x(job, opening, wave), factor) for wave in range(self.waves)]

    def solve(self, sizes=None, most_late=None):
        """The fewest late, or with `most_late` the least exposure: a status and a value."""
        month = self.month
        every = list(itertools.product(range(self.jobs), range(self.openings), range(self.waves)))
        for job in range(self.jobs):
            self.row([(self.x(job, opening, wave), 1) for opening in range(self.openings) for wave in range(self.waves)], 1, 1)
            for opening in range(self.openings):
                self.row([(self.furthest(opening), 1), *self.in_opening(job, opening, -month.rounds[job])], 0, numpy.inf)
        for job, opening, wave in every:
            self.row([(self.y(opening, wave), 1), (self.x(job, opening, wave), -1)], 0, 1)
        for (one, earlier), (other, later) in itertools.product(itertools.product(range(self.openings), range(self.waves)), repeat=2):
            if (one <= other and earlier > later) or (one == other and earlier < later):
                self.row([(self.y(one, earlier), 1), (self.y(other, later), 1)], 0, 1)
        for opening, (begin, end) in enumerate(month.windows):
            installs = [term for job in range(self.jobs) for term in self.in_opening(job, opening, PATCH * month.rounds[job])]
            self.row([(self.furthest(opening), SYSTEM), *installs], 0, end - begin)
        for wave, size in enumerate(sizes or []):
            self.row([(self.x(job, opening, wave), 1) for job in range(self.jobs) for opening in range(self.openings)], size, size)
        for job in range(self.jobs):
            if month.due[job] is not None:
                self.add_due(job)
        if most_late is not None:
            self.row([(self.late(job), 1) for job in range(self.jobs)], 0, most_late)
        return self.run(most_late is not None)

    def add_due(self, job):
        month = self.month
        most = sum(month.rounds) * PATCH
        for opening, (begin, _) in enumerate(month.windows):
            left = month.due[job] - begin - SYSTEM * month.rounds[job]
            session = [term for other in range(self.jobs)
                       for term in self.in_opening(other, opening, PATCH * min(month.rounds[job], month.rounds[other]))]
            # Binds only when the job is in this opening and not late.
            slack = max(0.0, most - left)
            merged = dict(session) | {self.late(job): -slack}
            for column, factor in self.in_opening(job, opening, slack):
                merged[column] = merged.get(column, 0) + factor
            self.row(list(merged.items()), -numpy.inf, left + slack)

    def run(self, for_exposure):
        month = self.month
        columns = self.late(self.jobs)
        cost, upper, whole = numpy.zeros(columns), numpy.ones(columns), numpy.ones(columns)
        for job, opening, wave in itertools.product(range(self.jobs), range(self.openings), range(self.waves)):
            cost[self.x(job, opening, wave)] = month.loss[job] * month.windows[opening][0] / 1440
            if (job < month.top) != (wave == 0):
                upper[self.x(job, opening, wave)] = 0
        for opening in range(self.openings):
            upper[self.furthest(opening)], whole[self.furthest(opening)] = max(month.rounds), 0
        if not for_exposure:
            cost[:] = 0
            cost[self.late(0):] = 1
        at = [(row, column, factor) for row, terms in enumerate(self.rows) for column, factor in terms]
        rows, cols, factors = zip(*at)
        matrix = coo_array((factors, (rows, cols)), shape=(len(self.rows), columns)).tocsr()
        scale = max(cost.max(), 1e-12)
        answer = milp(cost / scale, constraints=LinearConstraint(matrix, self.low, self.high), bounds=Bounds(0, upper), integrality=whole,
                      options={"time_limit": SOLVER_SECONDS, "mip_rel_gap": 1e-6})
        return answer.status, None if answer.fun is None else float(answer.fun * scale)


def measure(rng, folder):
    environment, rows = random_month(rng)
    (folder / "environment.json").write_text(json.dumps(environment))
    (folder / "patches.csv").write_text("\n".join([HEADER, *rows]) + "\n")
    output = folder / "plan.json"
    threat_data.run([threat_data.build() / "bin" / "kubectl-patchwave", "plan", "--patches", folder / "patches.csv", "--environment",
                     folder / "environment.json", "--output", "json"], output)
    plan = json.loads(output.read_text())
    month = Month(environment, plan)
    figures = {"patches": len(month.rounds), "openings": len(month.windows), "waves": month.waves - 1, "unscheduled": len(plan["unscheduled"]),
               "late": sum(month.late), "statedGap": plan["exposure"]["gap"]}
    if not month.windows:
        return figures | {"solver": "no window"}
    status, fewest = Program(month).solve()
    figures["solver"] = {0: "placed all", 2: "infeasible"}.get(status, "gave up")
    if status == 0:
        figures["fewestLate"] = round(fewest)
    if plan["unscheduled"]:
        return figures
    exposure = month.exposure()
    if abs(exposure - plan["exposure"]["planned"]) > 1e-6 * exposure:
        raise SystemExit(f"the plan says {plan['exposure']['planned']}, its calendar {exposure}")
    status, best = Program(month).solve(month.sizes, sum(month.late))
    if status == 0:
        figures |= {"gap": max(0.0, exposure / best - 1), "boundGap": 1 - plan["exposure"]["lowerBound"] / best}
        figures["listGap"] = plan["exposure"]["listSchedule"] / best - 1
    else:
        figures["solver"] = "gave up"
    return figures


def summary(lines):
    gaps = sorted(line["gap"] for line in lines if "gap" in line)
    bounds = [line["boundGap"] for line in lines if "gap" in line]
    placed = [line for line in lines if line["solver"] == "placed all"]
    return {"months": "all", "count": len(lines), "compared": len(gaps), "gapMedian": float(numpy.median(gaps)),
            "gap99": float(numpy.quantile(gaps, 0.99)), "gapWorst": gaps[-1], "atTheBest": sum(gap < 1e-6 for gap in gaps),
            "boundGapMedian": float(numpy.median(bounds)), "boundGapWorst": max(bounds), "boundAboveTheBest": sum(gap < -1e-6 for gap in bounds),
            "solverPlacedAll": len(placed), "unscheduledThen": sum(line["unscheduled"] > 0 for line in placed),
            "solverInTime": sum(line["fewestLate"] == 0 for line in placed),
            "lateThen": sum(line["late"] > 0 for line in placed if line["fewestLate"] == 0),
            "moreLate": sum(line["late"] > line["fewestLate"] for line in placed), "solverGaveUp": sum(line["solver"] == "gave up" for line in lines)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--months", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as name:
        for month in range(arguments.months):
            lines.append({"month": month, **measure(random.Random(f"{arguments.seed}/{month}"), pathlib.Path(name))})
            print(json.dumps(lines[-1]), flush=True)
    print(json.dumps(summary(lines)))


if __name__ == "__main__":
    main()
