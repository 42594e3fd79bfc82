"""Time and memory of ranking 400,000 findings with feeds of a size as they really have, made up and gzipped."""

import datetime
import gzip
import json
import os
import random
import subprocess
import tempfile
import time
from pathlib import Path

from controlplane.operator_process import program

FINDINGS = 400_000
SNAPSHOTS = 16
KNOWN_EXPLOITED = 1_300
SIGNALS = 140_000
FIRST_DAY = datetime.date(2023, 7, 2)


def names():
    """A CVE for each finding, 22,000 a year."""
    return [f"CVE-{2024 - number // 22_000}-{1_000 + number % 22_000}" for number in range(FINDINGS)]


def vector(chance):
    metrics = (("AV", "NALP"), ("AC", "LH"), ("PR", "NLH"), ("UI", "NR"), ("S", "UC"), ("C", "HLN"), ("I", "HLN"), ("A", "HLN"))
    return "CVSS:3.1/" + "/".join(f"{metric}:{chance.choice(values)}" for metric, values in metrics)


def write(folder):
    chance = random.Random(1)
    cves = names()
    days = [FIRST_DAY + datetime.timedelta(weeks=4 * week) for week in range(SNAPSHOTS)]
    vectors = [vector(chance) for _ in range(500)]
    with gzip.open(folder / "findings.csv.gz", "wt", compresslevel=1) as file:
        file.write("cve,cvss_vector,published,exposure\n")
        for cve in cves:
            file.write(f"{cve},{chance.choice(vectors)},{cve[4:8]}-01-02,{chance.choice(('open', 'controlled', 'small', ''))}\n")
    with gzip.open(folder / "epss.csv.gz", "wt", compresslevel=1) as file:
        file.write("cve," + ",".join(map(str, days)) + "\n")
        for cve in sorted(cves):
            file.write(cve + "".join(f",{chance.random() ** 8 * 0.9 + 1e-5:.5f}" for _ in days) + "\n")
    with gzip.open(folder / "signals.csv.gz", "wt", compresslevel=1) as file:
        file.write("cve,first_seen\n")
        for cve in chance.sample(cves, SIGNALS):
            file.write(f"{cve},2024-01-02\n")
    known = [{"cveID": cve, "dateAdded": "2024-02-03"} for cve in chance.sample(cves, KNOWN_EXPLOITED)]
    (folder / "kev.json").write_text(json.dumps({"vulnerabilities": known}))
    return days[-1]


def measure():
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        last_day = write(folder)
        with (folder / "ranking.csv").open("w") as output:
            started = time.monotonic()
            child = subprocess.Popen(
                [program("kubectl-patchwave"), "rank", "--findings", folder / "findings.csv.gz", "--epss", folder / "epss.csv.gz",
                 "--signals", folder / "signals.csv.gz", "--kev", folder / "kev.json", "--as-of", str(last_day), "--output", "csv"],
                stdout=output)
            _, status, usage = os.wait4(child.pid, 0)
            seconds = time.monotonic() - started
        rows = sum(1 for _ in (folder / "ranking.csv").open()) - 1
    if status != 0 or rows != FINDINGS:
        raise RuntimeError(f"ranking ended with {status} and {rows} of {FINDINGS} rows")
    return {"findings": rows, "seconds": round(seconds, 2), "processorSeconds": round(usage.ru_utime + usage.ru_stime, 2),
            "peakMebibytes": round(usage.ru_maxrss / 1024)}
