"""The operator as it runs at its users': in pods, from its image, by its Helm chart."""

import subprocess
from pathlib import Path

from controlplane.operator_process import REPOSITORY_ROOT
from controlplane.processes import wait_until

NAMESPACE = "patchwave-in-cluster"
RELEASE = "in-cluster"
READY_SECONDS = 120
# A lease lasts 15 s; the rest is for two starts on a machine that does everything at once.
HANDOVER_SECONDS = 90


class InCluster:
    def __init__(self, world, archive):
        self._world, self._archive = world, archive
        self.repository = f"{world.registry.host}/patchwave"

    def install(self):
        subprocess.run(["skopeo", "copy", "--quiet", "--dest-tls-verify=false", f"docker-archive:{self._archive}",
                        f"docker://{self.repository}:test"], check=True)
        port = self._world.telemetry.prometheus_url.rpartition(":")[2]
        self._helm("install", RELEASE, REPOSITORY_ROOT / "charts" / "patchwave", "--create-namespace", "--wait",
                   f"--timeout={READY_SECONDS}s",
                   # The kinds are there already, and the account beside the cluster has its own rights.
                   "--set=crds.enabled=false,replicaCount=2", f"--set=image.repository={self.repository},image.tag=test",
                   f"--set=config.prometheus.url=http://{self._world.machines.network.gateway}:{port}",
                   "--set=config.prometheus.queryInterval=1s")
        wait_until(self.leader, READY_SECONDS, lambda: f"a replica leads; {self._story()}")
        return self

    def uninstall(self):
        self._helm("uninstall", RELEASE, "--ignore-not-found", "--wait", "--timeout=60s")
        self._world.cluster.kubectl("delete", "namespace", NAMESPACE, "--ignore-not-found", "--wait=false")

    def leader(self):
        """The pod that holds the lease, or None."""
        lease = self._world.api.find("Lease", f"{RELEASE}-patchwave", NAMESPACE)
        holder = ((lease or {}).get("spec") or {}).get("holderIdentity") or ""
        name = holder.rpartition("_")[0]
        return next((pod for pod in self._pods() if pod["metadata"]["name"] == name), None)

    def another_leads_than(self, pod):
        name = pod["metadata"]["name"]
        wait_until(lambda: (self.leader() or pod)["metadata"]["name"] != name, HANDOVER_SECONDS,
                   lambda: f"another replica than {name} leads")

    def _pods(self):
        return self._world.api.list("Pod", NAMESPACE)

    def _story(self):
        return [(pod["metadata"]["name"], pod.get("status", {}).get("phase"), pod.get("status", {}).get("containerStatuses"))
                for pod in self._pods()]

    def _helm(self, *words):
        command = [Path(self._world.cluster.described["binaries"]) / "helm",
                   f"--kubeconfig={self._world.cluster.admin_kubeconfig}", f"--namespace={NAMESPACE}", *words]
        answer = subprocess.run(command, capture_output=True, text=True, check=False)
        if answer.returncode:
            raise RuntimeError(f"helm {words[0]}: {answer.stderr.strip()}; {self._story()}")
