"""Who decides in plan_replay.py what is patched when: the product, and what others do. Each sees only what was known on the day."""

import csv
import datetime
import json
import math
import subprocess
from dataclasses import dataclass

import plan_fleet
import threat_data
from threat import severity_of

DAY = datetime.timedelta(days=1)
SATURDAY = 5
TRIGGER_DAYS = 3
# The load of a window on Saturday at 02:00, of the same hour on another day, and of any hour, as shares of the peak.
WINDOW_LOAD, NIGHT_LOAD, ANY_LOAD = 0.2, 0.25, 0.6
BOD_ORDER = ("3 days & forensic investigation", "3 days", "14 days", "60 days", "fix on system upgrade")
COLUMNS = ("patch_id", "cve", "vendor", "product", "vendor_release_date", "published", "cvss_vector", "epss", "kev", "metasploit", "nuclei",
           "proof_of_concept", "ssvc_exploitation", "ssvc_automatable", "ssvc_technical_impact", "asset_group", "affected_systems", "detected")


@dataclass
class Emergency:
    patch: plan_fleet.Patch
    start: datetime.datetime
    load: float


class Policy:
    """`weeks` from a window to the next, counted from the first Saturday. `canary`: whether a patch is tried on a few first."""

    canary = False

    def __init__(self, name, weeks):
        self.name, self.weeks = name, weeks

    def is_window(self, day):
        return day.weekday() == SATURDAY and (day - plan_fleet.FIRST).days // 7 % self.weeks == self.weeks - 1

    def next_window(self, day):
        while not self.is_window(day):
            day += DAY
        return day

    def choose(self, day, waiting, room):
        """What goes into the windows of `day`: at most `room[group]` of those that wait."""
        raise NotImplementedError

    def emergencies(self, day, news, room):
        """Out-of-cycle work for `news`, patches that came into KEV today."""
        del day, news, room
        return []


class Ranked(Policy):
    """The first in some order go; of what comes into KEV, `trigger` says what is patched within three days, at whatever hour that is."""

    def __init__(self, name, weeks, key, trigger=None):
        super().__init__(name, weeks)
        self.key, self.trigger = key, trigger

    def choose(self, day, waiting, room):
        left, chosen = list(room), []
        for patch in sorted(waiting, key=lambda patch: (self.key(patch, day), patch.cve.published, patch.name)):
            if left[patch.group] > 0:
                left[patch.group] -= 1
                chosen.append(patch)
        return chosen

    def emergencies(self, day, news, room):
        del room
        start = datetime.datetime.combine(day + TRIGGER_DAYS * DAY, datetime.time(12))
        if not self.trigger or self.next_window(day) <= start.date():
            return []
        return [Emergency(patch, start, ANY_LOAD) for patch in news if self.trigger(patch, day)]


class Product(Policy):
    """`kubectl-patchwave plan` chooses and orders; of its proposals those for what is known to be exploited are approved."""

    canary = True

    def __init__(self, name, weeks, scratch, model):
        super().__init__(name, weeks)
        self.scratch, self.model = scratch, model

    def plan(self, day, patches, room):
        opens = self.next_window(day)
        days = (opens - day).days + 1
        minutes = [10 + patches_ if patches_ > 0 else 0 for patches_ in room]
        environment = json.loads(plan_fleet.environment(day, days, ["Sat"] * len(room), minutes))
        if opens > day:
            environment["deny"] = [{"from": str(day), "to": str(opens), "reason": "no window"}]
        (self.scratch / "environment.json").write_text(json.dumps(environment))
        with (self.scratch / "patches.csv").open("w") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(row_of(patch, day) for patch in patches)
        answer = subprocess.run([threat_data.build() / "bin" / "kubectl-patchwave", "plan", "--patches", self.scratch / "patches.csv",
                                 "--environment", self.scratch / "environment.json", "--model", self.model, "--output", "json"],
                                check=True, capture_output=True, text=True)
        return json.loads(answer.stdout)

    def choose(self, day, waiting, room):
        by_name = {patch.name: patch for patch in waiting}
        return [by_name[each["patch"]] for each in self.plan(day, waiting, room)["calendar"]] if waiting else []

    def emergencies(self, day, news, room):
        if not news:
            return []
        by_name = {patch.name: patch for patch in news}
        return [Emergency(by_name[each["patch"]], datetime.datetime.fromisoformat(each["start"]).replace(tzinfo=None), NIGHT_LOAD)
                for each in self.plan(day, news, [max(each, 1) for each in room])["emergencies"] if each["start"]]


def row_of(patch, day):
    cve = patch.cve
    seen = {source: when for source, when in cve.signals.items() if when <= day}
    score = cve.score_on(day)
    detected = cve.kev if cve.in_kev(day) and cve.kev > cve.published else cve.published
    return (patch.name, cve.name, cve.vendor, cve.product, cve.published, cve.published, cve.vector, "" if score is None else score,
            cve.kev if cve.in_kev(day) else "no", seen.get("Metasploit", "no"), seen.get("Nuclei", "no"), seen.get("PoC", "no"),
            "active" if "in the wild" in seen else "none", cve.automatable, cve.technical_impact, plan_fleet.GROUPS[patch.group][0],
            patch.affected, detected)


def epss(patch, day):
    score = patch.cve.score_on(day)
    return 0.0 if score is None else score


def grype(patch, day):
    threat = 1.0 if patch.cve.in_kev(day) else epss(patch, day)
    return threat * severity_of(patch.cve.cvss)


def policies(scratch, model):
    bod = plan_fleet.read_bod_table()

    def bod_class(patch, day):
        exposed = "yes" if plan_fleet.GROUPS[patch.group][3] == "open" else "no"
        row = bod["yes" if patch.cve.in_kev(day) else "no", exposed, patch.cve.automatable or "no",
                  patch.cve.technical_impact or "partial"]
        return BOD_ORDER.index(row)

    def cvss(patch, day):
        del day
        return -patch.cve.cvss

    def oracle(patch, day):
        return (patch.cve.kev or datetime.date.max, cvss(patch, day))

    def kev_first(patch, day):
        return (not patch.cve.in_kev(day), -patch.cve.cvss)

    def always(patch, day):
        del patch, day
        return True

    def is_three_days(patch, day):
        return bod_class(patch, day) <= BOD_ORDER.index("3 days")

    return [
        Ranked("CVSS monthly", 4, cvss),
        Ranked("CVSS monthly + KEV trigger", 4, kev_first, trigger=always),
        Ranked("EPSS weekly", 1, lambda patch, day: -epss(patch, day)),
        Ranked("Grype risk weekly", 1, lambda patch, day: -grype(patch, day)),
        Ranked("BOD 26-04 weekly, CVSS ties", 1, lambda patch, day: (bod_class(patch, day), -patch.cve.cvss), trigger=is_three_days),
        Ranked("Oracle weekly + trigger", 1, oracle, trigger=always),
        Product("Patchwave weekly", 1, scratch, model),
        Product("Patchwave monthly", 4, scratch, model),
    ]


def room_on(capacity, weeks, elapsed_windows):
    """Patches that fit in the n-th window when `capacity` fit in a week: over time exactly as many as for any other cadence."""
    return math.floor(capacity * weeks * (elapsed_windows + 1)) - math.floor(capacity * weeks * elapsed_windows)
