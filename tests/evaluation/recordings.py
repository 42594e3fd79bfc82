#!/usr/bin/env python3
"""What really was measured, as the recordings that evaluate_recorded reads: public data of PATCHWAVE_DATA, a line a sample.

A recording begins with "#gauge|CASE|CHANGE|CANARY|WHAT", and has lines "time,series,value", or with "#counts|CASE|BEGIN||WHAT",
and has lines "time,arm,series,events,exposure". Times are seconds. CANARY "*": each series in turn. WHAT names what
several recordings are of, one gate each: it is harmed when any of them shows harm.
"""

import csv
import datetime
import gzip
import json
import math
import os
import random
import sys
from pathlib import Path

DAY = 86400
PODS = 20
THINNINGS = 2
FAULT_SECONDS = 480


def seconds(text):
    return datetime.datetime.fromisoformat(text[:19]).replace(tzinfo=datetime.timezone.utc).timestamp()


def rows_of(path):
    with (gzip.open(path, "rt") if path.suffix == ".gz" else path.open()) as file:
        yield from csv.DictReader(file)


def gauge(case, change, canary, rows, what=""):
    print(f"#gauge|{case}|{change}|{canary}|{what}")
    for time, series, value in rows:
        if math.isfinite(value):
            print(f"{time},{series},{value}")


def counts(case, begin, rows, what=""):
    print(f"#counts|{case}|{begin}||{what}")
    for row in rows:
        print(",".join(map(str, row)))


def windows(rows, span, step):
    change = rows[0][0] + span
    while change + span < rows[-1][0]:
        yield change, [row for row in rows if change - span <= row[0] < change + span]
        change += step


def machines(data):
    """Benchmarks on virtual machines to which nothing was done, three at a time, about every hour and a half."""
    for path in sorted((data / "azure_vm_noise").glob("*__long__*.csv.gz")):
        rows = sorted((seconds(row["starttime"]), row["VM_id"], float(row["value"])) for row in rows_of(path))
        if len(rows) < 100:
            continue
        for days in (14, 3):
            for change, window in windows(rows, days * DAY, 15 * DAY if days == 14 else 7 * DAY):
                gauge(f"VM noise, {days} d", change, "*", window)


def binomial(random_bits, total, chance):
    """By the normal law where that can't be told apart, since real counts are large."""
    spread = total * chance * (1 - chance)
    if spread > 25:
        return min(total, max(0, round(random_bits.gauss(total * chance, math.sqrt(spread)))))
    return sum(random_bits.random() < chance for _ in range(total))


def thinned(random_bits, total, parts):
    """`total` events, each given to one of so many equal parts by chance."""
    for left in range(parts, 0, -1):
        part = binomial(random_bits, total, 1 / left) if left > 1 else total
        total -= part
        yield part


def watched_anomalies(data):
    """Machines and counts of the Numenta benchmark, away from all that it labels."""
    labels = json.loads((data / "nab/labels/combined_windows.json").read_text())
    series = {name: [(seconds(row["timestamp"]), float(row["value"])) for row in rows_of(data / "nab/data" / name)]
              for name in labels if (data / "nab/data" / name).exists()}

    def is_calm(name, begin, end):
        return not any(seconds(first) < end and seconds(last) > begin for first, last in labels[name])

    for month in ("2014-02", "2014-04"):
        names = [name for name, rows in series.items() if "ec2_cpu" in name and
                 datetime.datetime.fromtimestamp(rows[0][0], datetime.timezone.utc).strftime("%Y-%m") == month]
        rows = sorted((time, name, value) for name in names for time, value in series[name])
        for hours in (6, 24):
            span = hours * 3600
            for change, window in windows(rows, span, span / 2):
                calm = {name for name in names if is_calm(name, change - span, change + span)}
                if len(calm) > 1:
                    gauge(f"NAB processors, {hours} h", change, "*", [row for row in window if row[1] in calm])
    random_bits = random.Random(5)
    for name in ("realAWSCloudwatch/elb_request_count_8c0756.csv", "realKnownCause/nyc_taxi.csv"):
        for begin, window in windows([(*row, "") for row in series[name]], DAY, DAY / 2):
            if not is_calm(name, begin - DAY, begin + DAY):
                continue
            rows = []
            for time, value, _ in window:
                for pod, events in enumerate(thinned(random_bits, round(value), PODS)):
                    rows.append((time, "baseline" if pod else "canary", pod, events, 60))
            counts("NAB counts, 2 d", begin - DAY, rows)


def slower_than(edge, row, side):
    """The share of requests above `edge`, between the quantiles that are known."""
    level, value = 0.0, 0.0
    for percent in (90, 95, 99):
        quantile = float(row[f"Pod{side}LatencyP{percent}(s)"])
        if quantile > edge:
            return 1 - (level + (percent / 100 - level) * (edge - value) / (quantile - value))
        level, value = percent / 100, quantile
    return 0.005


class Shop:
    """A day of a shop of microservices: per pod and minute, and the faults that were injected."""

    GAUGES = ("CpuUsage(m)", "MemoryUsage(Mi)", "PodServerLatencyP90(s)", "PodServerLatencyP99(s)", "NetworkReceiveBytes")

    def __init__(self, data):
        folder = data / "nezha_onlineboutique/rca_data/2022-08-22"
        faults = json.loads(next(folder.glob("*fault_list.json")).read_text())
        self.faults = [(seconds(fault["inject_time"]), fault["inject_pod"], fault["inject_type"])
                       for hour in faults.values() for fault in hour]
        self.pods = {path.name.removesuffix("_metric.csv.gz"): [(seconds(row["Time"]), row) for row in rows_of(path)]
                     for path in sorted(folder.glob("metric/*_metric.csv.gz"))}
        self.front = [(seconds(row["Time"]), float(row["SuccessRate(%)"])) for row in rows_of(folder / "metric/front_service.csv.gz")]
        self.calls = [(seconds(row["time"]), row) for row in rows_of(folder / "metric/source_50.csv.gz")]
        self.frontend = next(pod for pod in self.pods if pod.startswith("frontend"))
        self.begin, self.end = seconds("2022-08-22 09:00:00"), seconds("2022-08-22 23:59:00")

    def of(self, pod, begin, end):
        return [(time, row) for time, row in self.pods[pod] if begin <= time < end]

    def is_faulty(self, pod, time, but):
        return any(pod == faulty and begin - 60 <= time < begin + FAULT_SECONDS and begin != but for begin, faulty, _ in self.faults)

    def levels(self, name, begin, end, but=None):
        return sorted((time, pod, float(row[name])) for pod in self.pods for time, row in self.of(pod, begin, end)
                      if not self.is_faulty(pod, time, but))

    def requests(self, pod, begin, end):
        return [(time, round(60 * float(row["PodWorkload(Ops)"]))) for time, row in self.of(pod, begin, end)]

    def slow(self, pod, side, begin, end, edge):
        return {time: slower_than(edge, row, side) for time, row in self.of(pod, begin, end)}

    def edge(self, pod, side, begin):
        values = sorted(float(row[f"Pod{side}LatencyP95(s)"]) for _, row in self.of(pod, begin - 3600, begin)
                        if not self.is_faulty(pod, begin, begin))
        return 1.5 * values[len(values) // 2]


def split(random_bits, share, requests, canary_rate, baseline_rate):
    """Real requests, thinned to the pods of both arms, of which as many fail as the rates say."""
    canaries = max(1, round(PODS * share))
    rows = []
    for at, (time, total) in enumerate(requests):
        for pod, part in enumerate(thinned(random_bits, total, PODS)):
            rate = canary_rate[at] if pod < canaries else baseline_rate[at]
            events = binomial(random_bits, part, rate)
            rows.append((time, "canary" if pod < canaries else "baseline", pod, events, part))
    return rows


def shop_without_faults(shop):
    for name in Shop.GAUGES:
        for change in range(int(shop.begin), int(shop.end) - 3600, 1800):
            gauge("Nezha, no fault, gauges", change, "*", shop.levels(name, change - 3600, change + 3600))
    random_bits = random.Random(7)
    for pod in shop.pods:
        for begin in range(int(shop.begin), int(shop.end) - 7200, 7200):
            rates = list(shop.slow(pod, "Server", begin, begin + 7200, shop.edge(pod, "Server", begin)).values())
            requests = shop.requests(pod, begin, begin + 7200)
            counts("Nezha, no fault, counts", begin, split(random_bits, 0.05, requests, rates, rates))


def fault_gates(shop, begin, pod):
    """Of each gate the requests of the fault's minutes, the rate in them, and the rate in as many minutes before them."""
    end = begin + FAULT_SECONDS
    for side in ("Server", "Client"):
        edge = shop.edge(pod, side, begin)
        during = list(shop.slow(pod, side, begin, end, edge).values())
        before = list(shop.slow(pod, side, begin - FAULT_SECONDS, begin, edge).values())
        yield shop.requests(pod, begin, end), during, before
    failing = [1 - rate / 100 for time, rate in shop.front if begin <= time < end]
    yield shop.requests(shop.frontend, begin, end), failing, [0.001] * len(failing)
    # Of calls only the median is known: at least half of them are slow when it is above the edge.
    service = pod.split("-")[0]
    for name in shop.calls[0][1]:
        if not name.endswith("_" + service):
            continue
        past = [float(row[name] or "nan") for time, row in shop.calls if begin - FAULT_SECONDS <= time < begin]
        known = sorted(value for value in past if math.isfinite(value))
        if not known:
            continue
        edge = 2 * known[len(known) // 2]
        during = [0.5 if float(row[name] or "nan") > edge else 0.005 for time, row in shop.calls if begin <= time < end]
        before = [0.5 if value > edge else 0.005 for value in past]
        yield shop.requests(pod, begin, end), during, before


def shop_with_faults(shop):
    random_bits = random.Random(11)
    for number, (begin, pod, _) in enumerate(shop.faults):
        for name in Shop.GAUGES:
            levels = shop.levels(name, begin - 3600, begin + FAULT_SECONDS, begin)
            gauge("Nezha faults, gauges", begin, pod, levels, f"{number}")
        for share in (0.05, 0.5):
            for thinning in range(THINNINGS):
                for requests, during, before in fault_gates(shop, begin, pod):
                    length = min(len(requests), len(during), len(before))
                    counts(f"Nezha faults, counts, {100 * share:.0f} %", begin,
                           split(random_bits, share, requests[:length], during, before), f"{number}/{thinning}")


def main():
    data = os.environ.get("PATCHWAVE_DATA")
    if not data:
        sys.exit("PATCHWAVE_DATA is not set: it names the folder of the public data")
    machines(Path(data))
    watched_anomalies(Path(data))
    shop = Shop(Path(data))
    shop_without_faults(shop)
    shop_with_faults(shop)


if __name__ == "__main__":
    main()
