"""False rollbacks of the gauge judge on virtual machines to which nothing was done.

Each machine in turn is the canary of a change that never happened, the others its peers, for two weeks before and two
after each of several dates. Needs PATCHWAVE_DATA and a built kubectl-patchwave.
"""

import csv
import datetime
import glob
import gzip
import json
import os
import pathlib
import subprocess
import sys
import tempfile

DATE_STEP = datetime.timedelta(days=60)
SPAN = datetime.timedelta(days=14)


def read(path):
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            yield (datetime.datetime.fromisoformat(row["starttime"]).replace(tzinfo=datetime.timezone.utc),
                   row["VM_id"], float(row["value"]))


def judge(program, folder, rows, canary, change):
    samples = folder / "samples.csv"
    with samples.open("w") as file:
        file.write("time,arm,series,value\n")
        for time, machine, value in rows:
            arm = "canary" if machine == canary else "baseline"
            file.write(f"{time.timestamp()},{arm},{machine},{value}\n")
    done = subprocess.run([program, "judge", "--gate", folder / "gate.yaml", "--samples", samples, "--change-at",
                           str(change.timestamp()), "--output", "json"], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)["verdict"]


def main():
    data = os.environ.get("PATCHWAVE_DATA")
    if not data:
        sys.exit("PATCHWAVE_DATA is not set: it names the folder with azure_vm_noise")
    program = pathlib.Path(os.environ["PATCHWAVE_BUILD"], "bin", "kubectl-patchwave")
    verdicts = {"Pass": 0, "Harm": 0, "Undecided": 0}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "gate.yaml").write_text("name: level\ngauge: {metric: value}\n")
        for path in sorted(glob.glob(f"{data}/azure_vm_noise/*__long__*.csv.gz")):
            rows = sorted(read(path))
            if not rows:
                continue
            change = rows[0][0] + SPAN
            while change + SPAN < rows[-1][0]:
                window = [row for row in rows if change - SPAN <= row[0] < change + SPAN]
                for canary in sorted({row[1] for row in window}):
                    verdicts[judge(program, folder, window, canary, change)] += 1
                change += DATE_STEP
    total = sum(verdicts.values())
    print(json.dumps({"case": "azure_vm_noise A/A", "comparisons": total, **verdicts,
                      "falseRollback": verdicts["Harm"] / total if total else None}))


main()
