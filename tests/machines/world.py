"""Everything Patchwave meets, with nodes that really run pods.

As a program: `python3 -m machines.world up|down|status|power|partition|heal|enter`.
"""

import argparse
import shutil
import sys
from pathlib import Path

from controlplane.cluster import API_SERVICE, START_SECONDS, Cluster, Profile
from controlplane.operator_process import program
from controlplane.processes import NotReady, uninterrupted, unwind_at_the_end, wait_until
from controlplane.world import World, how_to_look
from machines.images import Images
from machines.machines import Machines
from machines.packages import PackageRepository
from machines.requirements import lacking
from machines.telemetry import PodTelemetry
from storefront.storefront import push_versions

# What a kubelet misses before its node counts as gone. Kubernetes' own 40 s would make each test of it longer.
NODE_GRACE = "20s"
FAKE_TAINT = {"key": "kwok.x-k8s.io/node", "value": "fake", "effect": "NoSchedule"}


class RealWorld(World):
    def __init__(self, state, outlive=True, steps=None):
        super().__init__(state, outlive, steps)
        self.machines = Machines(self.processes)
        self.telemetry = PodTelemetry(self.processes)
        self.packages = PackageRepository(self.processes)

    @property
    def is_up(self):
        return all(self.processes.pid(name) for name in ("kube-apiserver", "prometheus", "registry", "packages"))

    @property
    def images(self):
        return Images(self.state, self.registry)

    def up(self, machines=3, fake=0):
        """From nothing: what an earlier run left here is stopped and removed first."""
        reasons = lacking()
        if reasons:
            raise NotReady("real machines can't run here:\n  " + "\n  ".join(reasons))
        self.down()
        shutil.rmtree(self.state / "logs", ignore_errors=True)
        self._begin_again()
        network = self.machines.claim_network(machines)
        self.cluster = Cluster(self.processes, self.steps, self._profile(network))
        pki_folder = self.cluster.pki
        self.registry.up()
        self.cluster.up(fake)
        server_port = int(self.cluster.server.rpartition(":")[2])
        with self.steps.step("registry, package repository, Prometheus and what pods start from are ready"):
            self.packages.up()
            self.machines.open_ports(api=server_port, registry=self.registry.port, packages=self.packages.port)
            self._introduce_api_server(network.gateway, server_port)
            self.images.push("machines/pause", "1", program("pause"))
            self.telemetry.up(self.cluster.admin_kubeconfig)
            self.machines.open_ports(prometheus=int(self.telemetry.prometheus_url.rpartition(":")[2]))
        with self.steps.step(f"{machines} machines are ready"):
            self.machines.prepare(server_port, pki_folder, self.registry.host, self.packages)
            for name in self.machines.names:
                self.machines.power_on(name)
            wait_until(lambda: all(self.node_is_ready(name) for name in self.machines.names), START_SECONDS,
                       lambda: f"{machines} machines Ready\n{self.processes.last_words('machine-0')}")

    def down(self):
        """In the order in which one needs the other; all but the logs is removed. Where something of a machine stays, so
        do the records, and another `down` can try again."""
        try:
            self.machines.down()
        except (NotReady, OSError):
            self.processes.stop(*self.processes.names(), grace_seconds=1)
            raise
        super().down()

    def furnish(self):
        """For somebody who plays with it: the storefront in three versions, the last of them bad, and what the
        operator needs."""
        push_versions(self)
        self.furnish_operator()

    def node_is_ready(self, name):
        self.processes.require(name)
        node = self.api.find("Node", name)
        return node is not None and any(each["type"] == "Ready" and each["status"] == "True"
                                        for each in node["status"].get("conditions", []))

    def _begin_again(self):
        self.processes = type(self.processes)(self.state, self.processes.outlive)
        for part in (self.telemetry, self.registry, self.packages, self.machines):
            part.processes = self.processes

    def _introduce_api_server(self, address, port):
        """Pods find it behind the Service that every cluster has for it; here nothing else says where it is."""
        self.api.create({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "kubernetes", "namespace": "default", "labels": {"kubernetes.io/service-name": "kubernetes"}},
            "endpoints": [{"addresses": [address]}], "ports": [{"name": "https", "port": port, "protocol": "TCP"}]})

    def _profile(self, network):
        # The API server's own certificate as a client of kubelets: they ask it whether that may.
        folder = self.state / "pki"
        return Profile(
            authorization="Node,RBAC", api_server_names=(f"IP:{network.gateway}", f"IP:{API_SERVICE}"), node_grace=NODE_GRACE,
            fake_node_taints=(FAKE_TAINT,),
            api_server_flags=(
                "--enable-admission-plugins=NodeRestriction", "--kubelet-preferred-address-types=InternalIP",
                f"--kubelet-certificate-authority={folder}/ca.crt",
                f"--kubelet-client-certificate={folder}/admin.crt", f"--kubelet-client-key={folder}/admin.key"))


def status(world):
    if not world.machines.described:
        print("The cluster is down. `./dev cluster up --real` starts it.")
        return 1
    for name in world.processes.names():
        pid = world.processes.pid(name)
        print(f"{name:26} {'pid ' + str(pid) if pid else 'ended: ' + str(world.processes.log(name))}")
    if not world.is_up:
        return 1
    for name in world.machines.names:
        power = "on" if world.machines.is_on(name) else "off"
        ready = "Ready" if power == "on" and world.node_is_ready(name) else "not Ready"
        print(f"{name:26} power {power}, {ready}")
    how_to_look(world)
    return 0


def up(world, arguments):
    if not world.is_up:
        unwind_at_the_end()
        try:
            world.up(arguments.nodes, arguments.fake)
            world.install_kinds()
            world.furnish()
        except (NotReady, OSError, RuntimeError) as error:
            print(error, file=sys.stderr)
            take_down(world)
            return 1
        except BaseException:
            take_down(world)
            raise
    return status(world)


def take_down(world):
    """Who presses Ctrl-C again meanwhile would leave half of it."""
    with uninterrupted():
        world.down()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", required=True, help="the folder of the cluster's state")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb in ("down", "status"):
        verbs.add_parser(verb)
    begin = verbs.add_parser("up")
    begin.add_argument("--nodes", type=int, default=3, choices=range(1, 17), metavar="N", help="machines (1 to 16)")
    begin.add_argument("--fake", type=int, default=0, help="nodes that only pretend, beside them")
    power = verbs.add_parser("power")
    power.add_argument("switch", choices=["on", "off", "cut"])
    power.add_argument("name")
    for verb in ("partition", "heal", "enter"):
        verbs.add_parser(verb).add_argument("name")
    arguments = parser.parse_args()
    if arguments.verb != "up" and not Path(arguments.state).is_dir():
        print("There is no cluster.")
        return 0 if arguments.verb == "down" else 1
    world = RealWorld(arguments.state)
    machines = world.machines
    act = {
        "up": lambda: up(world, arguments), "down": lambda: take_down(world), "status": lambda: status(world),
        "power": lambda: getattr(machines, f"power_{arguments.switch}")(arguments.name),
        "partition": lambda: machines.partition(arguments.name), "heal": lambda: machines.heal(arguments.name),
        "enter": lambda: machines.enter(arguments.name)}[arguments.verb]
    try:
        return act() or 0
    except (NotReady, OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
