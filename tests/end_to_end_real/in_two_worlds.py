#!/usr/bin/env python3
"""Runs the suite in two halves at once, each with machines of its own: most of it waits.

Two processes instead of pytest's workers, which don't always run in the main thread, where alone a signal is heard.
"""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

HERE = Path(__file__).resolve().parent
# About as long as all others together.
LONG = HERE / "test_machines.py"
NOTHING_CHOSEN = 5


class Half:
    def __init__(self, number, files, arguments):
        self._number = number
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-v", f"--rootdir={HERE}", *arguments, *files],
            env={**os.environ, "PATCHWAVE_WORLD": str(number), "PYTHONUNBUFFERED": "1"}, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace")
        self._reader = threading.Thread(target=self._tell)
        self._reader.start()

    def end(self):
        status = self.process.wait()
        self._reader.join()
        return status

    def _tell(self):
        """Whole lines: two that write at once would write into each other's."""
        for line in self.process.stdout:
            sys.stdout.write(f"[{self._number}] {line}")
            sys.stdout.flush()


def combined(statuses):
    """The first failure; that a half has nothing of what was chosen is none."""
    ran = [status for status in statuses if status != NOTHING_CHOSEN]
    return next((status for status in ran if status), 0) if ran else NOTHING_CHOSEN


def main():
    others = sorted(set(HERE.glob("test_*.py")) - {LONG})
    halves = []

    def pass_on(number, _):
        for half in halves:
            half.process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
    for number, files in enumerate(([LONG], others), start=1):
        halves.append(Half(number, files, sys.argv[1:]))
    return combined([half.end() for half in halves])


if __name__ == "__main__":
    sys.exit(main())
