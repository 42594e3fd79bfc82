"""The operator as a program, with the rights that the chart gives it and no more."""

import os
import signal
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

import yaml

from controlplane.processes import answers, free_ports, wait_until

REPOSITORY_ROOT = Path(__file__).resolve().parents[2]
NAMESPACE = "patchwave-system"
# With the chart's nodeJobs.enabled: where the Jobs of nodes run, and as whom.
NODE_JOBS = {"namespace": "patchwave-node-jobs", "serviceAccount": "patchwave-node-job"}
# What a chart has beside rights: programs, which run as subprocesses here, and hooks.
NOT_RIGHTS = {"Deployment", "Pod", "CustomResourceDefinition", "PodDisruptionBudget", "NetworkPolicy", "Service"}


def program(name="patchwave"):
    folder = Path(os.environ.get("PATCHWAVE_BUILD", REPOSITORY_ROOT / "build"))
    path = folder / "bin" / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is not there: `./dev build` makes it")
    return path


def install_rights(cluster, *values):
    """Applies the chart's account, roles and admission policies, with these values; returns the account's name."""
    helm = Path(cluster.described["binaries"]) / "helm"
    rendered = subprocess.run(
        [helm, "template", "patchwave", REPOSITORY_ROOT / "charts" / "patchwave", f"--namespace={NAMESPACE}", *values],
        check=True, stdout=subprocess.PIPE, text=True).stdout
    manifests = [manifest for manifest in yaml.safe_load_all(rendered) if manifest]
    rights = [manifest for manifest in manifests if manifest["kind"] not in NOT_RIGHTS]
    namespace = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    cluster.api.apply(namespace)
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=yaml.safe_dump_all(rights))
    return next(each["metadata"]["name"] for each in manifests
                if each["kind"] == "ServiceAccount" and each["metadata"]["namespace"] == NAMESPACE)


class Operator:
    """One replica. `name` tells replicas apart; they share the lease."""

    def __init__(self, world, account, name="operator"):
        self.world, self.account, self.name = world, account, name
        self.metrics_port = self.health_port = None

    @property
    def processes(self):
        return self.world.processes

    def start(self, wait_ready=True, **overrides):
        self.metrics_port, self.health_port = free_ports(2)
        config = self.world.state / f"{self.name}.yaml"
        config.write_text(yaml.safe_dump(self.configuration(**overrides)))
        token = self.world.api.create_token(self.account, NAMESPACE)
        kubeconfig = self.world.cluster.kubeconfig_for_token(self.name, token, NAMESPACE)
        self.processes.start(self.name, [
            program(), f"--config={config}", f"--kubeconfig={kubeconfig}", f"--namespace={NAMESPACE}"],
            env={"POD_NAME": self.name, "POD_NAMESPACE": NAMESPACE})
        if wait_ready:
            self.wait_ready()
        return self

    def configuration(self, **overrides):
        registries = [{"host": registry.host, "plainHTTP": True} for registry in self.world.registries]
        return {
            "metricsAddress": f"127.0.0.1:{self.metrics_port}",
            "healthAddress": f"127.0.0.1:{self.health_port}",
            "kubernetes": {"qps": 200, "burst": 400},
            # The operator's own durations but one: a test that starts it again waits for the lease.
            "leaderElection": {"enabled": True, "retryPeriod": "500ms"},
            "prometheus": {"url": self.world.telemetry.prometheus_url, "timeout": "2s", "queryInterval": "1s"},
            "podGate": {"pullDeadline": "6s"},
            "registries": registries,
            **overrides}

    def wait_ready(self, seconds=30):
        wait_until(self._ready, seconds, lambda: f"{self.name} ready\n{self.processes.last_words(self.name)}")
        self.world.telemetry.operators([f"127.0.0.1:{self.metrics_port}"])

    def not_ready(self):
        """The parts that /readyz calls not ready; "" when all are, or it does not answer yet."""
        self.processes.require(self.name)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}/readyz", timeout=5):
                return ""
        except urllib.error.HTTPError as error:
            return "\n".join(line for line in error.read().decode().splitlines() if line.startswith("[-]"))
        except OSError:
            return ""

    @property
    def running(self):
        return self.processes.pid(self.name) is not None

    @property
    def is_leader(self):
        """As its own metrics say."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.metrics_port}/metrics", timeout=1) as response:
                lines = response.read().decode().splitlines()
        except OSError:
            return False
        return any(line.startswith("leader_election_master_status{") and float(line.split()[-1]) == 1 for line in lines)

    def kill(self):
        """As a crash: no signal handler runs."""
        self.processes.kill(self.name)

    def kill_now(self):
        """`kill` without waiting for the end: for a thread that the API server waits for."""
        self.processes.signal(self.name, signal.SIGKILL)

    def stop(self):
        self.processes.stop(self.name, grace_seconds=30)

    def _ready(self):
        self.processes.require(self.name)
        return answers(f"http://127.0.0.1:{self.health_port}/readyz")
