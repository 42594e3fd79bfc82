"""From a gate's bad metric being visible in Prometheus to the first write that takes the bad image away.

Visible: since the last question to Prometheus whose answer did not show it yet was sent, so the time is an upper bound.
The write: the first one to a Deployment of the namespace after that, as the API server's audit log has it."""

import threading
import time

import audit
from controlplane.operator_process import NAMESPACE
from controlplane.processes import wait_until

OLD = "1.4.2"
INTERVAL_SECONDS = 1
BELOW = 0.05
POLL_SECONDS = 0.02


def measure(world, account, count):
    """Seconds of each of `count` bad patches, one after the other, in namespaces of their own."""
    return [_one(world, account, f"rollback-{number}") for number in range(count)]


def _one(world, account, namespace):
    bad = "1.4.4-errors"
    ratio = ('max(sum by (pod) (rate(http_requests_total{namespace="%s",code=~"5.."}[5s]))'
             ' / sum by (pod) (rate(http_requests_total{namespace="%s"}[5s])))' % (namespace, namespace))
    digests = {tag: world.registry.push(f"{namespace}/web", tag) for tag in (OLD, bad)}
    repository = f"{world.registry.host}/{namespace}/web"
    world.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    wait_until(lambda: world.api.find("ServiceAccount", "default", namespace), 60, "the namespace is ready")
    world.api.create(_deployment(namespace, f"{repository}:{OLD}"))
    wait_until(lambda: world.api.get("Deployment", "web", namespace).get("status", {}).get("readyReplicas") == 4, 60,
               "web is ready")
    wait_until(lambda: world.telemetry.query(ratio), 60, "Prometheus sees web")
    world.api.create(_policy(namespace, repository, ratio))
    world.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": "Patch",
                      "metadata": {"name": "bad", "namespace": namespace},
                      "spec": {"subject": {"image": repository}, "to": {"tag": bad, "digest": digests[bad]}}})
    visible = _visible_since(world, ratio)
    operator = f"system:serviceaccount:{NAMESPACE}:{account}"

    def answer():
        return next((request.received for request in audit.read(world.cluster.audit_log_path)
                     if request.user == operator and request.resource == "deployments"
                     and request.namespace == namespace and request.received > visible), None)

    return wait_until(answer, 60, "the bad image is taken away") - visible


def _visible_since(world, ratio):
    deadline, before = time.monotonic() + 120, time.time()
    while time.monotonic() < deadline:
        asked = time.time()
        if any(value >= BELOW for _, value in world.telemetry.query(ratio)):
            return before
        before = asked
        threading.Event().wait(POLL_SECONDS)
    raise RuntimeError("the bad metric never became visible")


def _deployment(namespace, image):
    labels = {"app": "web"}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": namespace},
            "spec": {"replicas": 4, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": image}]}}}}


def _policy(namespace, repository, ratio):
    # A bake that is longer than the metric takes: nothing but the gate moves the wave.
    return {"apiVersion": "patchwave.dev/v1alpha1", "kind": "PatchPolicy",
            "metadata": {"name": "web", "namespace": namespace}, "spec": {
                "mode": "Automatic", "targets": {"workloads": {"images": [repository]}},
                "waves": [{"name": "all", "steps": ["1", "100%"], "stepBake": "60s", "bake": "5s"}],
                "gates": [{"name": "errors", "interval": f"{INTERVAL_SECONDS}s",
                           "threshold": {"query": ratio, "below": str(BELOW), "for": "0s"}}]}}
