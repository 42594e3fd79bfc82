"""What else the machine did while something was measured."""

import contextlib
import os
import threading
import time
from pathlib import Path

SAMPLE_SECONDS = 0.5


def describe():
    return {"processors": os.cpu_count(), "loadAverages": [round(load, 2) for load in os.getloadavg()]}


@contextlib.contextmanager
def load_while():
    """Yields a dict that is filled at the end: the load average, and the share of processor time that was not idle."""
    load = {}
    before = _ticks()
    yield load
    after = _ticks()
    total = sum(after) - sum(before)
    idle = sum(after[3:5]) - sum(before[3:5])
    load["loadAverage"] = round(os.getloadavg()[0], 2)
    load["processorsBusyPercent"] = round(100 * (total - idle) / total) if total else 0


def _ticks():
    """user nice system idle iowait irq softirq steal, in ticks since the start of the machine."""
    return [int(word) for word in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]


def memory(pid):
    """Resident memory in MiB: at this moment, of it not backed by files, and the most there ever was."""
    wanted = {"VmRSS": "rss", "RssAnon": "anonymous", "VmHWM": "peak"}
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        key, _, value = line.partition(":")
        if key in wanted:
            found[wanted[key]] = int(value.split()[0]) / 1024
    return found


def highest_memory(pid, seconds):
    """The highest of each figure over a while: a steady state has no single number."""
    highest = {}
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        for name, value in memory(pid).items():
            highest[name] = max(value, highest.get(name, 0))
        threading.Event().wait(SAMPLE_SECONDS)
    return {name: round(value, 1) for name, value in highest.items()}
