#!/usr/bin/env python3
"""What would have been exposed, from April 2024 to May 2025, had fleets been patched by the product and by others: a replay of events.

Everybody has the same capacity in patches a week, and pays for emergencies with room in the next window. The patches are of what was
published until October 2024 (the CVSS pool of PATCHWAVE_DATA). Exploitation is an addition to KEV after the last day of the model's
fit. A JSON line for each fleet, capacity and policy. Definitions: docs/planning.md, "How good it is"."""

import argparse
import datetime
import json
import pathlib
import random
import tempfile
from collections import deque

import plan_fleet
from plan_policies import WINDOW_LOAD, policies, room_on

DAY = datetime.timedelta(days=1)
END = datetime.datetime.combine(plan_fleet.LAST, datetime.time())
CAPACITIES = (0.5, 0.8, 1.2)
FAILURE = 0.04  # The mean of the product's prior; nobody knows the truth of these patches.
CANARY_SHARE = 0.05
DEGRADED_MINUTES = 60  # From a patch that fails to its way back.
SYSTEM_MINUTES, PATCH_MINUTES = 6, 0.5


def days_between(start, end):
    return (end - start) / DAY


def midnight(day):
    return datetime.datetime.combine(day, datetime.time())


class Replay:
    def __init__(self, fleet, policy, share):
        self.fleet, self.policy = fleet, policy
        self.capacity = [share * fleet.weekly_inflow(group) for group in range(len(plan_fleet.GROUPS))]
        self.waiting, self.fixed, self.attempts, self.planned = {}, {}, {}, {}
        self.debt = [0] * len(plan_fleet.GROUPS)  # Emergencies that the next window pays for.
        self.windows = 0
        self.disturbed, self.harmed_at_once, self.harmed_with_canary = 0.0, 0.0, 0.0  # System minutes, by the load.
        self.installs, self.out_of_cycle, self.failures = 0, 0, 0

    def run(self):
        arrivals = deque(self.fleet.patches)
        day = plan_fleet.FIRST
        while day < plan_fleet.LAST:
            news = []
            while arrivals and arrivals[0].cve.published <= day:
                patch = arrivals.popleft()
                self.waiting[patch.name] = patch
                if patch.cve.in_kev(day):
                    news.append(patch)
            news += [patch for patch in self.waiting.values() if patch.cve.kev == day and patch not in news]
            self.do_emergencies(day)
            if self.policy.is_window(day):
                self.do_windows(day)
            news = [patch for patch in news if patch.name in self.waiting]
            for emergency in self.policy.emergencies(day, news, self.room()):
                self.planned[emergency.patch.name] = emergency
            day += DAY
        return self.figures()

    def room(self):
        return [max(0, room_on(capacity, self.policy.weeks, self.windows) - debt) for capacity, debt in zip(self.capacity, self.debt)]

    def do_emergencies(self, day):
        for name, emergency in sorted(self.planned.items()):
            if emergency.start.date() > day:
                continue
            del self.planned[name]
            if name in self.waiting:
                self.out_of_cycle += 1
                self.debt[emergency.patch.group] += 1
                self.session([emergency.patch], emergency.start, emergency.load)

    def do_windows(self, day):
        room = self.room()
        waiting = [patch for patch in self.waiting.values() if patch.name not in self.planned]
        chosen = self.policy.choose(day, waiting, room)
        for group, most in enumerate(room):
            mine = [patch for patch in chosen if patch.group == group]
            if len(mine) > most:
                raise SystemExit(f"{self.policy.name} takes {len(mine)} patches where {most} fit")
            full = room_on(self.capacity[group], self.policy.weeks, self.windows)
            self.debt[group] = max(0, self.debt[group] - full)
            self.session(mine, midnight(day) + datetime.timedelta(hours=2), WINDOW_LOAD)
        self.windows += 1

    def session(self, patches, start, load):
        """Each system is disturbed once; the n systems of a patch are the first n of the group."""
        if not patches:
            return
        self.disturbed += load * (SYSTEM_MINUTES * max(patch.affected for patch in patches) + PATCH_MINUTES * sum(patch.affected for patch in patches))
        for patch in patches:
            self.installs += 1
            attempt = self.attempts[patch.name] = self.attempts.get(patch.name, 0) + 1
            if random.Random(f"{self.fleet.seed}/{patch.name}/{attempt}").random() < FAILURE:
                self.failures += 1
                self.harmed_at_once += load * DEGRADED_MINUTES * patch.affected
                self.harmed_with_canary += load * DEGRADED_MINUTES * max(1, round(CANARY_SHARE * patch.affected))
                continue
            self.fixed[patch.name] = start
            del self.waiting[patch.name]

    def figures(self):
        known, public, public_all, before, ever = 0.0, 0.0, 0.0, 0, 0
        durations = []
        for patch in self.fleet.patches:
            published = midnight(patch.cve.published)
            fixed = self.fixed.get(patch.name, END)
            durations.append((days_between(published, fixed), patch.name in self.fixed))
            if patch.cve.kev is None or patch.cve.kev >= plan_fleet.LAST:
                continue
            worth = patch.affected * plan_fleet.GROUPS[patch.group][4]
            listed = midnight(patch.cve.kev)
            public_all += worth * max(0.0, days_between(published, fixed))
            if patch.cve.kev <= plan_fleet.FITTED_UNTIL:
                continue
            ever += 1
            before += fixed <= listed
            known += worth * max(0.0, days_between(max(listed, published), fixed))
            public += worth * max(0.0, days_between(published, fixed))
        at_once, with_canary = self.disturbed + self.harmed_at_once, self.disturbed + self.harmed_with_canary
        return {"xKev": known, "xPub": public, "xPubAll": public_all, "kevPatches": ever, "preempted": before / max(ever, 1), "medianDays": kaplan_meier_median(durations),
                "impactMinutes": with_canary if self.policy.canary else at_once, "impactAtOnce": at_once, "impactWithCanary": with_canary,
                "outOfCycle": self.out_of_cycle / max(self.installs, 1), "installs": self.installs,
                "failures": self.failures, "patches": len(durations), "fixed": len(self.fixed)}


def kaplan_meier_median(durations):
    """Days until half are patched; None when it isn't reached."""
    alive, survival = len(durations), 1.0
    for days, happened in sorted(durations):
        if happened:
            survival *= 1 - 1 / alive
        alive -= 1
        if survival <= 0.5:
            return days
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=pathlib.Path, required=True, help="a threat model that was fitted until plan_fleet.FITTED_UNTIL")
    parser.add_argument("--fleets", type=int, default=40)
    parser.add_argument("--first", type=int, default=0, help="the number of the first fleet")
    arguments = parser.parse_args()
    products = plan_fleet.products_of(plan_fleet.read_cves())
    with tempfile.TemporaryDirectory() as name:
        everybody = policies(pathlib.Path(name), arguments.model)
        for seed in range(arguments.first, arguments.first + arguments.fleets):
            fleet = plan_fleet.make_fleet(seed, products)
            for share in CAPACITIES:
                for policy in everybody:
                    print(json.dumps({"fleet": seed, "capacity": share, "policy": policy.name, **Replay(fleet, policy, share).run()}), flush=True)


if __name__ == "__main__":
    main()
