"""A Debian package of machines that is out of date until somebody updates it."""

import re

import pytest

from controlplane.processes import wait_until
from machines.packages import INSTALLED, PACKAGE, UPDATE


class Apt:
    def __init__(self, machines, name):
        self._machines, self._name = machines, name

    def update(self):
        """The addresses of all indexes that were asked for."""
        self._apt_get("update")
        return set(self._apt_get("indextargets", "--format", "$(SITE)").split())

    def upgradable(self):
        """(package, installed version, version there) of each."""
        simulated = self._apt_get("--simulate", "dist-upgrade")
        return re.findall(r"^Inst (\S+) \[(\S+)\] \((\S+) ", simulated, re.MULTILINE)

    def install(self, package):
        self._apt_get("install", "--yes", package)

    def installed(self, package):
        """As the package database says, and as its program says itself."""
        return {self._run("dpkg-query", "--show", "--showformat=${Version}", package), self._run(package).strip()}

    def put_back(self):
        """To what the machine had after its first boot."""
        self._run("sh", "-c", "dpkg --install /etc/machine/packages/*.deb")

    def _apt_get(self, *words):
        return self._run("apt-get", "--quiet", "-o", "APT::Update::Error-Mode=any", *words)

    def _run(self, *words):
        answer = self._machines.run(self._name, *words, capture_output=True, text=True)
        assert answer.returncode == 0, f"{' '.join(words)}: {answer.stdout}{answer.stderr}"
        return answer.stdout


@pytest.fixture
def apt(world):
    return lambda name: Apt(world.machines, name)


@pytest.fixture
def updated(world, apt):
    """A machine on which the update was installed."""
    name = world.machines.names[0]
    apt(name).update()
    apt(name).install(PACKAGE)
    yield name
    apt(name).put_back()


def boot_again(world, name):
    def boot():
        return world.api.get("Node", name)["status"]["nodeInfo"]["bootID"]

    before = boot()
    world.machines.power_cut(name)
    wait_until(lambda: boot() != before and world.node_is_ready(name), 60, f"{name} is back")


def test_one_update_is_pending_on_every_machine_and_there_is_no_other_source(world, apt):
    for name in world.machines.names:
        assert apt(name).update() == {f"http://{world.machines.network.gateway}:{world.packages.port}"}
        assert apt(name).upgradable() == [(PACKAGE, INSTALLED, UPDATE)]
        assert apt(name).installed(PACKAGE) == {INSTALLED}


def test_an_update_installed_on_one_machine_stays_there_after_a_boot_and_is_pending_on_the_others(world, apt, updated):
    assert apt(updated).installed(PACKAGE) == {UPDATE}
    assert apt(updated).upgradable() == []
    boot_again(world, updated)
    assert apt(updated).installed(PACKAGE) == {UPDATE}
    for other in set(world.machines.names) - {updated}:
        assert apt(other).installed(PACKAGE) == {INSTALLED}
