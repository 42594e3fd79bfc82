"""Machines go without a trace, whenever they are told to."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import WORLD
from controlplane.processes import wait_until
from controlplane.world import REPOSITORY_ROOT
from machines.machines import TESTS
from machines.network import Network, ip
from machines.world import RealWorld

UP_SECONDS, POD_SECONDS, DOWN_SECONDS = 180, 60, 90


class AnotherWorld:
    """`./dev cluster …`, but for what that builds first."""

    def __init__(self, state):
        self.state = state

    def begin(self):
        return subprocess.Popen(self._command("up", "--nodes=1", "--fake=1"), env=self._environment(),
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def run(self, *words):
        return subprocess.run(self._command(*words), env=self._environment(), capture_output=True, text=True, check=False)

    def network(self):
        """None before it is claimed."""
        try:
            return Network(json.loads((self.state / "machines.json").read_text())["octet"])
        except (OSError, ValueError):
            return None

    def run_pod(self):
        """A container's runtime makes folders and mounts of its own."""
        world = RealWorld(self.state)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pause", "namespace": "default"},
               "spec": {"nodeSelector": {"kubernetes.io/hostname": "machine-0"}, "automountServiceAccountToken": False,
                        "containers": [{"name": "pause", "image": f"{world.registry.host}/machines/pause:1"}]}}
        world.api.create(pod)
        wait_until(lambda: world.api.get("Pod", "pause", "default")["status"]["phase"] == "Running", POD_SECONDS, "a pod runs")

    def processes(self):
        """Those that were begun by it have its folder in their environment or, in its machine, among their mounts."""
        return {int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit() and any(
            os.fsencode(self.state) in self._read(folder / file) for file in ("environ", "mountinfo"))}

    def _command(self, *words):
        return [sys.executable, "-m", "machines.world", f"--state={self.state}", *words]

    def _environment(self):
        return {**os.environ, "PYTHONPATH": str(TESTS), "STATE": str(self.state)}

    @staticmethod
    def _read(file):
        try:
            return file.read_bytes()
        except OSError:
            return b""


def mounts():
    return set(Path("/proc/self/mountinfo").read_text().splitlines())


def links_of(network):
    return {link["ifname"] for link in json.loads(ip("-json", "link", "show").stdout)
            if link["ifname"] == network.bridge or link["ifname"].startswith(network.port(""))}


def cgroups_of(network):
    return set(Path("/sys/fs/cgroup").glob(f"*/{network.bridge}"))


@pytest.fixture
def another_world(world):
    """Beside the suite's own, so that it is also seen to leave that alone."""
    build = Path(os.environ.get("PATCHWAVE_BUILD", REPOSITORY_ROOT / "build"))
    another = AnotherWorld(build / f"end-to-end-real{WORLD}-another")
    yield another
    another.run("down")


@pytest.fixture
def assert_gone(another_world):
    before = mounts()

    def gone(network):
        assert another_world.processes() == set()
        assert links_of(network) == set()
        assert cgroups_of(network) == set()
        assert mounts() == before
        assert [path.name for path in another_world.state.iterdir()] == ["logs"]

    return gone


def test_machines_that_were_used_go_without_a_trace(another_world, assert_gone, world):
    assert another_world.begin().wait(UP_SECONDS) == 0
    network = another_world.network()
    assert links_of(network) == {network.bridge, network.port(0)}
    assert cgroups_of(network)
    machine = json.loads((another_world.state / "machines" / "machine-0" / "pid.json").read_text())["pid"]
    assert machine in another_world.processes()
    another_world.run_pod()
    assert "power on, Ready" in another_world.run("status").stdout
    for words in (("partition", "machine-0"), ("heal", "machine-0"), ("power", "cut", "machine-0"),
                  ("power", "off", "machine-0"), ("power", "on", "machine-0")):
        answer = another_world.run(*words)
        assert answer.returncode == 0, answer
    assert another_world.run("down").returncode == 0
    assert_gone(network)
    assert all(world.node_is_ready(name) for name in world.machines.names)


def test_machines_that_are_cut_off_go_without_a_trace(another_world, assert_gone):
    assert another_world.begin().wait(UP_SECONDS) == 0
    network = another_world.network()
    assert another_world.run("partition", "machine-0").returncode == 0
    assert another_world.run("down").returncode == 0
    assert_gone(network)


@pytest.mark.parametrize("moment", ["machines.json", "processes/kube-apiserver.json", "machines/machine-0/pid.json"])
def test_machines_that_are_told_to_end_while_they_come_up_go_without_a_trace(another_world, assert_gone, moment):
    up = another_world.begin()
    network = wait_until(another_world.network, UP_SECONDS, "a network is claimed")
    wait_until((another_world.state / moment).exists, UP_SECONDS, f"{moment} is there")
    up.send_signal(signal.SIGTERM)
    assert up.wait(DOWN_SECONDS) == 128 + signal.SIGTERM
    assert_gone(network)


def test_machines_whose_keeper_was_killed_go_with_the_next_down(another_world, assert_gone):
    assert another_world.begin().wait(UP_SECONDS) == 0
    network = another_world.network()
    record = json.loads((another_world.state / "processes" / "machine-0.json").read_text())
    os.kill(record["pid"], signal.SIGKILL)
    assert another_world.run("down").returncode == 0
    assert_gone(network)
