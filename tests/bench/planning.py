"""Time and memory of planning 5,000 patches of 500 groups over 90 days."""

import json
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

from controlplane.operator_process import program
from ranking import vector

PATCHES = 5_000
GROUPS = 500
DAYS = 90
WINDOWS = ("Sat 02:00-06:00", "Mon-Fri 20:00-06:00(+1d)", "Sun 01:00-03:00", "Tue,Thu 22:00-24:00")
ZONES = ("America/New_York", "Europe/Amsterdam", "Asia/Tokyo", "Australia/Sydney")


def write(folder):
    chance = random.Random(1)
    counts = [chance.randint(1, 200) for _ in range(GROUPS)]
    groups = [{"name": f"group-{number}", "count": count, "criticality": chance.choice(("low", "medium", "high", "very high")),
               "exposure": chance.choice(("small", "controlled", "open")), "timezone": chance.choice(ZONES), "window": chance.choice(WINDOWS)}
              for number, count in enumerate(counts)]
    (folder / "environment.json").write_text(json.dumps({"asOf": "2024-07-31", "horizonDays": DAYS, "assetGroups": groups}))
    with (folder / "patches.csv").open("w") as file:
        file.write("patch_id,cve,cvss_vector,epss,kev,asset_group,affected_systems,after\n")
        for number in range(PATCHES):
            group = chance.randrange(GROUPS)
            after = f"P{chance.randrange(number)}" if number > 0 and chance.random() < 0.05 else ""
            file.write(f"P{number},CVE-2024-{1000 + number},{vector(chance)},{chance.random() ** 8 * 0.9 + 1e-5:.5f},{int(chance.random() < 0.01)},"
                       f"group-{group},{chance.randint(1, counts[group])},{after}\n")


def measure():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        with (folder / "plan.json").open("w") as output:
            started = time.monotonic()
            child = subprocess.Popen([program("kubectl-patchwave"), "plan", "--patches", folder / "patches.csv", "--environment",
                                      folder / "environment.json", "--output", "json"], stdout=output, stderr=subprocess.DEVNULL)
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.monotonic() - started
        plan = json.loads((folder / "plan.json").read_text()) if status == 0 else {"items": [], "exposure": {}}
    if len(plan["items"]) != PATCHES:
        raise RuntimeError(f"planning ended with {status} and {len(plan['items'])} of {PATCHES} patches")
    return {"patches": PATCHES, "groups": GROUPS, "days": DAYS, "seconds": round(seconds, 2),
            "processorSeconds": round(usage.ru_utime + usage.ru_stime, 2), "peakMebibytes": round(usage.ru_maxrss / 1024),
            "scheduled": len(plan["calendar"]), "gap": plan["exposure"]["gap"]}
