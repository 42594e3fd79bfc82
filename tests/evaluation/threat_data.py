"""The public feeds of PATCHWAVE_DATA, for fitting and evaluating the threat model."""

import csv
import datetime
import gzip
import json
import os
import pathlib
import subprocess
import sys

DAY = datetime.timedelta(days=1)
HORIZON = 90 * DAY


def folder():
    data = os.environ.get("PATCHWAVE_DATA")
    if not data:
        sys.exit("PATCHWAVE_DATA is not set: it names the folder with epss, kev, exploit_signals and vulnrichment")
    return pathlib.Path(data)


def build():
    return pathlib.Path(os.environ["PATCHWAVE_BUILD"])


def date(text):
    return datetime.date.fromisoformat(text)


def open_text(path):
    return gzip.open(path, "rt") if path.suffix == ".gz" else path.open()


def epss_path():
    return folder() / "epss" / "epss_monthly.csv.gz"


def kev_path():
    return folder() / "kev" / "known_exploited_vulnerabilities.json"


def signal_paths():
    return sorted((folder() / "exploit_signals").glob("*.csv*"))


def vulnrichment_path():
    return next((folder() / "vulnrichment").glob("*.csv.gz"))


def snapshots():
    """The days of the EPSS matrix."""
    with open_text(epss_path()) as file:
        return [date(column) for column in file.readline().strip().split(",")[1:]]


def cves():
    with open_text(epss_path()) as file:
        file.readline()
        return [line.split(",", 1)[0] for line in file]


def kev_added():
    """The day each CVE was added to KEV. Past the fit and the day that is ranked it is the truth, never an input."""
    catalogue = json.loads(kev_path().read_text())
    return {entry["cveID"]: date(entry["dateAdded"]) for entry in catalogue["vulnerabilities"]}


def write_findings(path, rows, header=("cve",)):
    with path.open("w") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)


def run(command, output):
    """Runs a program of the build with its standard output in a file."""
    with output.open("w") as file:
        done = subprocess.run([str(each) for each in command], stdout=file, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(str(each) for each in command)}\n{done.stderr}")
