"""Keeps one machine powered: boots it, and boots it again a few seconds after it ended, until told to stop.

It ends with its machine, and its machine with it, however it ends.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from controlplane.processes import NotReady, die_with_parent, process_record, wait_until
from machines import cgroups
from machines.network import Network

HERE = Path(__file__).resolve().parent
# As long as firmware takes, so that "off for a moment" and "never off" can be told apart.
REBOOT_SECONDS = 3


def cut_off_mark(folder):
    """Is there while the machine is cut off: a boot does not heal that."""
    return Path(folder) / "cut-off"


class Keeper:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.spec = json.loads((self.folder / "machine.json").read_text())
        self.network = Network(self.spec["octet"])
        self.machine = None

    def run(self):
        while True:
            self._boot()
            status = self.machine.wait()
            self.machine = None
            cgroups.remove(self.spec["cgroup"])
            print(f"{self.spec['name']} ended with status {status}; it boots again in {REBOOT_SECONDS} s", flush=True)
            time.sleep(REBOOT_SECONDS)

    def end(self):
        """Everything in the machine ends with its first process."""
        if self.machine is not None:
            self.machine.kill()
            self.machine.wait()
        (self.folder / "pid.json").unlink(missing_ok=True)
        wait_until(lambda: cgroups.remove(self.spec["cgroup"]), 30, f"the cgroups {self.spec['cgroup']} are empty")

    def _boot(self):
        for name in ("upper/etc", "work", "root"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "boot_id").write_text(f"{uuid.uuid4()}\n")
        machine_id = self.folder / "upper/etc/machine-id"
        if not machine_id.exists():
            machine_id.write_text(f"{uuid.uuid4().hex}\n")
        cgroups.make(self.spec["cgroup"])
        self.machine = subprocess.Popen(
            ["unshare", "--mount", "--net", "--uts", "--ipc", "--pid", "--fork", "--kill-child=SIGKILL",
             "bash", HERE / "boot.sh"],
            stdin=subprocess.PIPE, text=True, env={**os.environ, **self._environment()}, preexec_fn=die_with_parent)
        first = wait_until(self._first_process, 10, f"{self.spec['name']}'s first process")
        (self.folder / "pid.json").write_text(json.dumps(process_record(first)))
        self.network.plug_in(self.spec["index"], first, port_is_on=not cut_off_mark(self.folder).exists())
        self.machine.stdin.write("plugged in\n")
        self.machine.stdin.close()
        print(f"{self.spec['name']} boots as process {first}", flush=True)

    def _first_process(self):
        if self.machine.poll() is not None:
            raise NotReady(f"unshare ended with status {self.machine.returncode}")
        children = Path(f"/proc/{self.machine.pid}/task/{self.machine.pid}/children").read_text().split()
        return int(children[0]) if children else None

    def _environment(self):
        index = self.spec["index"]
        routes = [f"{self.network.pod_range(other)} {self.network.address(other)}"
                  for other in range(self.spec["machines"]) if other != index]
        return {"NAME": self.spec["name"], "BASE": self.spec["base"], "DISK": str(self.folder),
                "PROGRAMS": self.spec["programs"], "CONFIG": str(self.folder / "config"),
                "ADDRESS": self.network.address(index), "GATEWAY": self.network.gateway, "ROUTES": "\n".join(routes)}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder")
    keeper = Keeper(parser.parse_args().folder)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        keeper.run()
    finally:
        keeper.end()


if __name__ == "__main__":
    sys.exit(main())
