"""The storefront's versions, its workloads and its visitors."""

import re
import urllib.request

from controlplane.operator_process import program
from controlplane.processes import free_ports, wait_until

OLD, GOOD, BAD = "1.4.2", "1.4.3", "1.4.4"
REPOSITORY = "shop/web"
PORT = 8080
# Of the requests that reach a pod of the bad version.
BAD_ERROR_RATIO = "0.3"
VERSIONS = {OLD: {}, GOOD: {}, BAD: {"STOREFRONT_ERROR_RATIO": BAD_ERROR_RATIO}}


def push_versions(world, versions=None):
    """Builds and pushes them; returns the digest of each tag."""
    images = world.images
    return {tag: images.push(REPOSITORY, tag, program("storefront"), environment={"STOREFRONT_VERSION": tag, **environment})
            for tag, environment in (versions or VERSIONS).items()}


def template(app, image, **container):
    """A pod template of the storefront; Prometheus scrapes its pods."""
    return {
        "metadata": {"labels": {"app": app}, "annotations": {"prometheus.io/port": str(PORT)}},
        "spec": {
            "terminationGracePeriodSeconds": 5, "automountServiceAccountToken": False,
            # Real pods lie on real machines, however many pretended ones there are.
            "nodeSelector": {"pool": "workers"},
            "topologySpreadConstraints": [{
                "maxSkew": 1, "topologyKey": "kubernetes.io/hostname", "whenUnsatisfiable": "ScheduleAnyway",
                "labelSelector": {"matchLabels": {"app": app}}}],
            "containers": [{
                "name": "app", "image": image, "ports": [{"containerPort": PORT}],
                "readinessProbe": {"httpGet": {"path": "/healthz", "port": PORT}, "periodSeconds": 1},
                "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                                    "capabilities": {"drop": ["ALL"]}, "seccompProfile": {"type": "RuntimeDefault"}},
                "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}}, **container}]}}


def deployment(namespace, app, image, replicas, **container):
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": app, "namespace": namespace},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": app}},
                 "template": template(app, image, **container)}}


def service(namespace, app):
    """With a port on every machine: visitors come from outside the cluster."""
    return {
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": app, "namespace": namespace},
        "spec": {"type": "NodePort", "selector": {"app": app}, "ports": [{"port": 80, "targetPort": PORT}]}}


class Visitors:
    """Requests at a constant rate through one machine's port of a Service."""

    def __init__(self, world, name, machine_index=0):
        self._world, self._name = world, f"visitors-{name}"
        self._machine_index = machine_index
        self._metrics_port = None

    def start(self, service_object, requests_per_second):
        self._metrics_port = free_ports(1)[0]
        node_port = service_object["spec"]["ports"][0]["nodePort"]
        self._world.processes.start(self._name, [
            program("visitors"), self._world.machines.network.address(self._machine_index), node_port,
            requests_per_second, self._metrics_port])
        wait_until(lambda: self.outcomes()["ok"] > 0, 30, f"{self._name} are welcome")
        return self

    def stop(self):
        self._world.processes.stop(self._name)

    def outcomes(self):
        """How many visits ended how: {"ok": …, "error": …, "unreachable": …}."""
        self._world.processes.require(self._name)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._metrics_port}/metrics", timeout=5) as response:
                text = response.read().decode()
        except OSError:
            return {"ok": 0, "error": 0, "unreachable": 0}
        return {outcome: int(count) for outcome, count in re.findall(r'visits_total{outcome="(\w+)"} (\d+)', text)}
