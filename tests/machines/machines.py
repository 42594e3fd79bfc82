"""All machines of one state folder: how they come up, lose power, are cut off, and go without a trace."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from controlplane import pki
from controlplane.processes import children, process_record, running, uninterrupted, wait_until
from machines import base, cgroups, configuration, network
from machines.keeper import cut_off_mark
from machines.sysctls import Sysctls

TESTS = Path(__file__).resolve().parents[1]
KUBELET_PORT = 10250


def node_programs():
    """The folder of kubelet and kube-proxy; builds those that lack."""
    answer = subprocess.run([TESTS / "controlplane" / "binaries.sh", "--nodes"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(answer.stdout.strip())


class Machines:
    def __init__(self, processes):
        self.processes = processes
        self.state = processes.state / "machines"
        self._description = processes.state / "machines.json"
        self._sysctls = Sysctls()

    @property
    def described(self):
        return json.loads(self._description.read_text()) if self._description.exists() else {}

    @property
    def names(self):
        return [f"machine-{index}" for index in range(self.described.get("machines", 0))]

    @property
    def network(self):
        return network.Network(self.described["octet"])

    def claim_network(self, count):
        """Before the control plane: its certificate names the bridge's address."""
        self._sysctls.remember(self.processes.state)
        with uninterrupted():
            claimed = network.claim()
            self._description.write_text(json.dumps({"octet": claimed.octet, "machines": count}))
        claimed.up(count)
        return claimed

    def open_ports(self, **ports):
        """Makes ports of loopback reachable on the bridge, under the same number."""
        for name, port in ports.items():
            self.processes.start(f"forward-{name}", [
                "socat", f"TCP-LISTEN:{port},bind={self.network.gateway},fork,reuseaddr,backlog=128",
                f"TCP:127.0.0.1:{port}"])

    def prepare(self, server_port, certificates, registry, packages):
        root, programs = base.base_root(), node_programs()
        pki.client(certificates, "kube-proxy", "/CN=system:kube-proxy")
        for index, name in enumerate(self.names):
            pki.kubelet(certificates, name, self.network.address(index))
            folder = self._folder(name)
            configuration.write(folder / "config", name, index, self.network,
                                f"https://{self.network.gateway}:{server_port}", certificates, registry)
            packages.furnish(folder / "config", self.network.gateway)
            (folder / "config" / "services.sh").write_bytes((TESTS / "machines" / "services.sh").read_bytes())
            (folder / "machine.json").write_text(json.dumps({
                **self.described, "name": name, "index": index, "base": str(root),
                # A link would lead out of the folder that a machine sees.
                "programs": str((programs / "kubelet").resolve().parent),
                "cgroup": configuration.cgroup(name, self.network)}))

    def power_on(self, name):
        if not self.is_on(name):
            self.processes.start(self._check(name), [
                sys.executable, "-m", "machines.keeper", self._folder(name)], env={"PYTHONPATH": str(TESTS)})

    def power_off(self, name):
        """At once, as by the switch; it stays off."""
        self.processes.stop(self._check(name), grace_seconds=60)

    def power_cut(self, name):
        """At once; the keeper boots it again a few seconds later."""
        os.kill(self.pid(name), signal.SIGKILL)

    def partition(self, name):
        """Until healed, across boots."""
        cut_off_mark(self._folder(self._check(name))).touch()
        self.network.partition(self._index(name))

    def heal(self, name):
        cut_off_mark(self._folder(self._check(name))).unlink(missing_ok=True)
        self.network.heal(self._index(name))

    def is_on(self, name):
        return self.processes.pid(self._check(name)) is not None

    def pid(self, name):
        """The machine's first process, as the host counts. Raises when the machine is off or between two boots."""
        path = self._folder(self._check(name)) / "pid.json"
        pid = running(json.loads(path.read_text())) if path.exists() else None
        if pid is None:
            raise OSError(f"{name} does not run")
        return pid

    def run(self, name, *command, **options):
        """Runs a command in the machine, as root of it."""
        return subprocess.run(self._enter(name, command), **options)

    def enter(self, name):
        """Becomes a shell in the machine."""
        command = self._enter(name, ["/bin/bash"])
        os.execvp(command[0], command)

    def down(self):
        """Also what a run that was killed left."""
        self.processes.stop(*self.names, grace_seconds=60)
        self._close_ports()
        if self.described:
            folder = self.network.bridge
            wait_until(lambda: cgroups.remove(folder), 30, f"the cgroups {folder} are empty")
            self.network.down()
            self._description.unlink()
        self._sysctls.put_back(self.processes.state)

    def _close_ports(self):
        """Also connections: that of a machine which was cut off would wait for its other end."""
        names = [name for name in self.processes.names() if name.startswith("forward-")]
        connections = [process_record(child) for name in names for child in children(self.processes.pid(name))]
        self.processes.stop(*names)
        for record in filter(running, connections):
            with contextlib.suppress(ProcessLookupError):
                os.kill(record["pid"], signal.SIGKILL)
        wait_until(lambda: not any(running(record) for record in connections), 10, "every connection is closed")

    def _enter(self, name, command):
        return ["nsenter", f"--target={self.pid(name)}", "--mount", "--net", "--uts", "--ipc", "--pid", "--root", "--wd",
                "env", "-i", "HOME=/root", f"TERM={os.environ.get('TERM', 'dumb')}",
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", *command]

    def _folder(self, name):
        return self.state / name

    def _check(self, name):
        if name not in self.names:
            raise OSError(f"there is no machine {name!r}; there are: {', '.join(self.names) or 'none'}")
        return name

    def _index(self, name):
        return self.names.index(self._check(name))
