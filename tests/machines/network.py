"""The network of machines: one bridge, a veth pair for each machine, a routed pod range each. Nothing is masqueraded
and nothing is forwarded to the world: what a machine reaches beside the others are the ports opened on the bridge.

In 10.<octet>.0.0/16 the bridge is 10.<octet>.0.1, machine i is .0.<10+i>, and its pods are in 10.<octet>.<10+i>.0/24.
"""

import ipaddress
import json
import subprocess
from dataclasses import dataclass

OCTETS = range(200, 232)
FIRST_MACHINE = 10


def ip(*words, check=True):
    return subprocess.run(["ip", *map(str, words)], check=check, capture_output=True, text=True)


@dataclass(frozen=True)
class Network:
    octet: int

    @property
    def bridge(self):
        return f"patchwave{self.octet}"

    @property
    def gateway(self):
        return f"10.{self.octet}.0.1"

    @property
    def range(self):
        return f"10.{self.octet}.0.0/16"

    def address(self, index):
        return f"10.{self.octet}.0.{FIRST_MACHINE + index}"

    def pod_range(self, index):
        return f"10.{self.octet}.{FIRST_MACHINE + index}.0/24"

    def port(self, index):
        """The bridge's end of the machine's cable."""
        return f"pw{self.octet}-{index}"

    def up(self, machines):
        ip("address", "add", f"{self.gateway}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")
        for index in range(machines):
            ip("route", "add", self.pod_range(index), "via", self.address(index), "dev", self.bridge)

    def down(self):
        """The routes go with the bridge; cables that a killed machine left go too."""
        for link in json.loads(ip("-json", "link", "show").stdout):
            if link["ifname"].startswith(f"pw{self.octet}-"):
                ip("link", "del", link["ifname"], check=False)
        ip("link", "del", self.bridge, check=False)

    def plug_in(self, index, pid, port_is_on):
        """A new cable between the bridge and the network namespace of that process."""
        port = self.port(index)
        ip("link", "del", port, check=False)
        ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", pid)
        ip("link", "set", port, "master", self.bridge)
        ip("link", "set", port, "up" if port_is_on else "down")

    def partition(self, index):
        self._set_port(index, "down")

    def heal(self, index):
        self._set_port(index, "up")

    def _set_port(self, index, state):
        """A machine without power has no cable."""
        port = self.port(index)
        if ip("link", "show", port, check=False).returncode == 0:
            ip("link", "set", port, state)


def claim():
    """A network whose range nobody uses here. The kernel lets only one have the bridge's name, so two that ask at the
    same time get two."""
    used = [ipaddress.ip_network(route["dst"], strict=False)
            for route in json.loads(ip("-json", "route", "show", "table", "all").stdout or "[]")
            if route.get("dst", "default") != "default" and ":" not in route["dst"]]
    for octet in OCTETS:
        network = Network(octet)
        if any(each.prefixlen and each.overlaps(ipaddress.ip_network(network.range)) for each in used):
            continue
        if ip("link", "add", network.bridge, "type", "bridge", check=False).returncode == 0:
            return network
    raise OSError(f"no free range among 10.{OCTETS.start}.0.0/16 to 10.{OCTETS.stop - 1}.0.0/16")
