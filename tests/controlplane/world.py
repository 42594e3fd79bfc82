"""Everything Patchwave meets: control plane, registry, Prometheus, traffic.

As a program: `python3 -m controlplane.world up|down|status`.
"""

import argparse
import shutil
import sys
from pathlib import Path

import yaml

from controlplane.cluster import COMPONENTS, Cluster
from controlplane.kube_api import ApiError, KubeApi
from controlplane.operator_process import NAMESPACE, program
from controlplane.processes import NotReady, Processes, Steps, uninterrupted, unwind_at_the_end, wait_until
from controlplane.registry import Registry
from controlplane.telemetry import Telemetry

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]


class World:
    def __init__(self, state, outlive=True, steps=None):
        self.state = Path(state).resolve()
        self.processes = Processes(self.state, outlive)
        self.steps = steps or Steps()
        self.cluster = Cluster(self.processes, self.steps)
        self.telemetry = Telemetry(self.processes)
        self.registry = Registry(self.processes)
        self.more_registries = []

    @property
    def api(self):
        return KubeApi(self.cluster.admin_kubeconfig)

    @property
    def registries(self):
        """All that can be reached now; a test may have started more."""
        return [self.registry, *self.more_registries]

    @property
    def is_up(self):
        return all(self.processes.pid(name) for name in (*COMPONENTS, "prometheus", "load-simulator", "registry"))

    def up(self, nodes=4, audit_webhook=None, audit_log=None):
        """From nothing: what an earlier run left here is stopped and removed first."""
        self.down()
        shutil.rmtree(self.state / "logs", ignore_errors=True)
        self.processes = Processes(self.state, self.processes.outlive)
        for part in (self.cluster, self.telemetry, self.registry):
            part.processes = self.processes
        self.cluster.up(nodes, audit_webhook, audit_log)
        with self.steps.step("registry, Prometheus and load simulator are ready"):
            self.registry.up()
            self.telemetry.up(self.cluster.admin_kubeconfig)

    def install_kinds(self, paths=None):
        """The CRDs of those files, else all, and wait until the API server serves them."""
        files = [f"--filename={path}" for path in paths or kinds()]
        self.cluster.kubectl("apply", "--server-side", "--force-conflicts", *files)
        wait_until(self._kinds_served, 20, "the kinds of crds/ are served")

    def furnish(self):
        """For somebody who plays with it: an image in three versions, the last of them bad, and what the operator needs."""
        for tag in ("1.4.2", "1.4.3", "1.4.4-errors"):
            self.registry.push("shop/web", tag)
        self.furnish_operator()

    def furnish_operator(self):
        """What `./dev run` needs: its namespace, where the lease is, and a file that tells it of this world."""
        self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        (self.state / "operator.yaml").write_text(yaml.safe_dump({
            "prometheus": {"url": self.telemetry.prometheus_url, "queryInterval": "1s"},
            "registries": [{"host": self.registry.host, "plainHTTP": True}]}))

    def down(self):
        """Stops what was started and removes all but the logs."""
        self.processes.stop(*self.processes.names(), grace_seconds=1)
        for path in self.state.iterdir():
            if path.name != "logs":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    def _kinds_served(self):
        """Established is not enough: the first requests may still be answered with "storage is (re)initializing"."""
        try:
            for crd in self.api.list("CustomResourceDefinition"):
                spec = crd["spec"]
                self.api.request("GET", f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}")
        except ApiError:
            return False
        return True


def kinds():
    """The files of the CRDs, which are named after their group; what else lies there is no manifest."""
    return sorted((REPOSITORY_ROOT / "crds").glob("patchwave.dev_*.yaml"))


def status(world):
    names = world.processes.names()
    if not names:
        print("The cluster is down. `./dev cluster up` starts it.")
        return 1
    for name in names:
        pid = world.processes.pid(name)
        print(f"{name:26} {'pid ' + str(pid) if pid else 'ended: ' + str(world.processes.log(name))}")
    if world.is_up:
        how_to_look(world)
    return 0 if world.is_up else 1


def how_to_look(world):
    print(f"""
export KUBECONFIG={world.cluster.admin_kubeconfig}
export PATH={program().parent}:{world.cluster.described["binaries"]}:$PATH
export REGISTRY={world.registry.host}
Prometheus {world.telemetry.prometheus_url}""")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("verb", choices=["up", "down", "status"])
    parser.add_argument("--state", required=True, help="the folder of the cluster's state")
    parser.add_argument("--nodes", type=int, default=4)
    arguments = parser.parse_args()
    if arguments.verb != "up" and not Path(arguments.state).is_dir():
        print("There is no cluster.")
        return 0 if arguments.verb == "down" else 1
    world = World(arguments.state)
    if arguments.verb == "down":
        world.down()
        return 0
    if arguments.verb == "up" and not world.is_up:
        unwind_at_the_end()
        try:
            world.up(arguments.nodes)
            world.install_kinds()
            world.furnish()
        except NotReady as error:
            print(error, file=sys.stderr)
            world.down()
            return 1
        except BaseException:
            # Who presses Ctrl-C again meanwhile would leave half of it.
            with uninterrupted():
                world.down()
            raise
    return status(world)


if __name__ == "__main__":
    sys.exit(main())
