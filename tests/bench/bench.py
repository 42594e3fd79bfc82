#!/usr/bin/env python3
"""Memory and speed of the operator on a real control plane, as JSON, beside the limits they must keep.

Three figures: resident memory with many nodes and pods; the time from an object's creation at the API server until the
operator's answer to it is seen there; the time from a gate's bad metric being visible in Prometheus until the first write
that puts the bad image back. Beside memory and speed of a plain `kubectl get pods --watch` of the same cluster."""

import argparse
import json
import queue
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from controlplane.kube_api import ApiError  # noqa: E402
from controlplane.operator_process import NAMESPACE, Operator, install_rights  # noqa: E402
from controlplane.processes import wait_until  # noqa: E402
from controlplane.world import World  # noqa: E402

LIMITS = {"rssMebibytes": 48, "eventToReconcileP99Milliseconds": 20, "metricToRollbackBeyondIntervalSeconds": 1}
SHOP = "bench"
OLD, BAD = "1.4.2", "1.4.4-errors"
ERROR_RATIO = ('max(sum by (pod) (rate(http_requests_total{namespace="%s",code=~"5.."}[5s]))'
               ' / sum by (pod) (rate(http_requests_total{namespace="%s"}[5s])))' % (SHOP, SHOP))


def resident_mebibytes(pid):
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise RuntimeError(f"no memory figure for {pid}")


def fill(world, nodes, pods):
    """Nodes and pods straight through the API: a realistic pod each, bound to a node, kept by kwok."""
    world.cluster.add_nodes(nodes - len(world.api.list("Node")))
    names = [node["metadata"]["name"] for node in world.api.list("Node")]
    for index in range(10):
        world.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"fill-{index}"}})
    wait_until(lambda: all(world.api.find("ServiceAccount", "default", f"fill-{index}") for index in range(10)), 60,
               "the namespaces are ready")

    def create(number):
        app = f"app-{number % 400}"
        world.api.create({
            "apiVersion": "v1", "kind": "Pod",
            "metadata": {"name": f"{app}-{number:05d}", "namespace": f"fill-{number % 10}",
                         "labels": {"app": app, "team": f"team-{number % 40}", "pod-template-hash": f"h{number % 400}"}},
            "spec": {"nodeName": names[number % len(names)], "terminationGracePeriodSeconds": 0,
                     "containers": [{"name": name, "image": f"registry.example.com/{app}/{name}:1.{number % 7}",
                                     "env": [{"name": "REGION", "value": "eu-west-1"}],
                                     "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}
                                    for name in ("app", "sidecar")]}})

    with ThreadPoolExecutor(16) as workers:
        list(workers.map(create, range(pods)))


def running_pods(world):
    return sum(pod.get("status", {}).get("phase") == "Running" for pod in world.api.list("Pod"))



def memory(world, operator):
    pid = world.processes.pid(operator.name)
    samples = []
    for _ in range(20):
        samples.append(resident_mebibytes(pid))
        time.sleep(0.5)
    kubectl = Path(world.cluster.described["binaries"]) / "kubectl"
    watcher = subprocess.Popen(
        [kubectl, f"--kubeconfig={world.cluster.admin_kubeconfig}", "get", "pods", "-A", "--watch", "-o", "name"],
        stdout=subprocess.DEVNULL)
    try:
        highest = 0
        for _ in range(40):
            highest = max(highest, resident_mebibytes(watcher.pid))
            time.sleep(0.25)
    finally:
        watcher.terminate()
        watcher.wait()
    return {"rssMebibytes": round(max(samples), 1), "kubectlGetPodsRssMebibytes": round(highest, 1),
            "ratioToKubectl": round(max(samples) / highest, 2)}


class Answers:
    """Watches a kind and tells when an object first has what the operator writes to it."""

    def __init__(self, api, kind, answered):
        self.times = queue.Queue()
        version = api.request("GET", f"/apis/patchwave.dev/v1alpha1/{kind.lower()}s")["metadata"]["resourceVersion"]
        threading.Thread(target=self._follow, args=(api, kind, version, answered), daemon=True).start()

    def _follow(self, api, kind, version, answered):
        for event in api.watch(kind, version):
            if event["type"] != "BOOKMARK" and answered(event["object"]):
                self.times.put((event["object"]["metadata"]["name"], time.monotonic()))


def event_to_reconcile(world, count=300):
    """An upper bound: it includes the request that creates the object and the write and the watch of the answer."""
    answers = Answers(world.api, "PatchApproval", lambda each: each.get("status", {}).get("conditions"))
    took = []
    for number in range(count):
        name = f"latency-{number}"
        started = time.monotonic()
        world.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": "PatchApproval",
                          "metadata": {"name": name, "namespace": NAMESPACE},
                          "spec": {"waveRef": {"name": "none"}, "approver": "admin", "decision": "Deny",
                                   "planHash": "sha256:" + "0" * 64, "reason": "bench"}})
        while True:
            answered, at = answers.times.get(timeout=10)
            if answered == name:
                break
        took.append((at - started) * 1000)
        time.sleep(0.02)
    took.sort()
    return {"eventToReconcileP50Milliseconds": round(statistics.median(took), 2),
            "eventToReconcileP99Milliseconds": round(took[int(len(took) * 0.99) - 1], 2), "events": count}


def metric_to_rollback(world, interval=1.0):
    digests = {tag: world.registry.push(f"{SHOP}/web", tag) for tag in (OLD, BAD)}
    repository = f"{world.registry.host}/{SHOP}/web"
    world.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SHOP}})
    wait_until(lambda: world.api.find("ServiceAccount", "default", SHOP), 20, "the namespace is ready")
    labels = {"app": "web"}
    world.api.create({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web", "namespace": SHOP},
                      "spec": {"replicas": 4, "selector": {"matchLabels": labels}, "template": {
                          "metadata": {"labels": labels}, "spec": {"terminationGracePeriodSeconds": 1, "containers": [
                              {"name": "app", "image": f"{repository}:{OLD}"}]}}}})
    wait_until(lambda: world.api.get("Deployment", "web", SHOP).get("status", {}).get("readyReplicas") == 4, 60, "web is ready")
    wait_until(lambda: world.telemetry.query(ERROR_RATIO), 30, "Prometheus sees web")
    world.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": "PatchPolicy",
                      "metadata": {"name": "web", "namespace": SHOP}, "spec": {
                          "mode": "Automatic", "targets": {"workloads": {"images": [repository]}},
                          "waves": [{"name": "all", "steps": ["1", "100%"], "stepBake": "30s", "bake": "5s"}],
                          "gates": [{"name": "errors", "interval": f"{int(interval)}s",
                                     "threshold": {"query": ERROR_RATIO, "below": "0.05", "for": "0s"}}]}})
    version = world.api.request("GET", "/apis/apps/v1/deployments")["metadata"]["resourceVersion"]
    removed = queue.Queue()

    def follow():
        for event in world.api.watch("Deployment", version):
            metadata = event["object"].get("metadata", {})
            if metadata.get("name", "").endswith("-patchwave-canary") and (
                    event["type"] == "DELETED" or "deletionTimestamp" in metadata):
                removed.put(time.monotonic())
                return

    threading.Thread(target=follow, daemon=True).start()
    world.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": "Patch", "metadata": {"name": "bad", "namespace": SHOP},
                      "spec": {"subject": {"image": repository}, "to": {"tag": BAD, "digest": digests[BAD]}}})
    visible = None
    deadline = time.monotonic() + 90
    while visible is None and time.monotonic() < deadline:
        answer = world.telemetry.query(ERROR_RATIO)
        if answer and float(answer[0]["value"][1]) > 0.05:
            visible = time.monotonic()
        time.sleep(0.02)
    if visible is None:
        raise RuntimeError("the bad metric never became visible")
    took = removed.get(timeout=60) - visible
    return {"metricToRollbackSeconds": round(took, 3),
            "metricToRollbackBeyondIntervalSeconds": round(max(0.0, took - interval), 3)}


def measure(arguments):
    world = World(arguments.state, outlive=False)
    try:
        world.up(nodes=4)
        world.install_kinds()
        operator = Operator(world, install_rights(world.cluster))
        operator.start()
        figures = metric_to_rollback(world)
        figures |= event_to_reconcile(world)
        with world.steps.step(f"{arguments.nodes} nodes and {arguments.pods} pods"):
            fill(world, arguments.nodes, arguments.pods)
            wait_until(lambda: running_pods(world) >= arguments.pods, 600, "all pods run")
        figures |= {"nodes": arguments.nodes, "pods": arguments.pods} | memory(world, operator)
        return figures
    finally:
        world.down()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=10000)
    arguments = parser.parse_args()
    try:
        figures = measure(arguments)
    except (ApiError, OSError, RuntimeError) as error:
        print(f"the bench failed: {error}", file=sys.stderr)
        return 1
    kept = {name: figures[name] < limit for name, limit in LIMITS.items()}
    report = {"figures": figures, "limits": LIMITS, "kept": kept}
    text = json.dumps(report, indent=2)
    Path(arguments.output).write_text(text + "\n")
    print(text)
    return 0 if all(kept.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
