#!/usr/bin/env python3
"""Memory and speed of the operator on a real control plane, as JSON.

  memory      resident set with 1,000 nodes and 10,000 pods, in MiB; limit 48
  reaction    from the API server's answer to a change until the operator's write that answers it arrives there, in ms,
              99th percentile; limit 20
  rollback    from the first bad value of a gate's query in Prometheus to the first write of the rollback, in seconds,
              less the gate's interval; limit 1
"""

import argparse
import datetime
import json
import shutil
import statistics
import sys
import threading
import time
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "end_to_end")]

from controlplane.operator_process import Operator, install_rights  # noqa: E402
from controlplane.processes import wait_until  # noqa: E402
from controlplane.world import World  # noqa: E402
from shop import BAD, ERRORS_GATE, Shop, wave_plan  # noqa: E402
from writes import COMPLETE, RECEIVED, WORKLOADS, Writes  # noqa: E402

MEMORY_LIMIT_MEBIBYTES = 48
REACTION_LIMIT_MILLISECONDS = 20
ROLLBACK_LIMIT_SECONDS = 1
GATE_INTERVAL_SECONDS = 1
PODS_PER_DEPLOYMENT = 200
REACTIONS = 200


def resident_mebibytes(pid):
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in status if line.startswith("VmRSS")).split()[1]) / 1024


def fill(world, pods):
    """Deployments in a namespace of their own until there are so many pods, all of them ready."""
    world.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "crowd"}})
    for index in range(pods // PODS_PER_DEPLOYMENT):
        labels = {"app": f"crowd-{index}"}
        world.api.create({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": f"crowd-{index}", "namespace": "crowd"},
            "spec": {"replicas": PODS_PER_DEPLOYMENT, "selector": {"matchLabels": labels}, "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{"name": "app", "image": f"registry.example.com/crowd/{index}:1.0.0"}]}}}})

    def ready():
        return sum(each.get("status", {}).get("readyReplicas", 0) for each in world.api.list("Deployment", "crowd"))

    wait_until(lambda: ready() >= pods, 600, lambda: f"{pods} pods ready, not {ready()}")


def settled(pid):
    """The resident set once it has not moved for some seconds."""
    last = []

    def still():
        last.append(resident_mebibytes(pid))
        time.sleep(0.5)
        return len(last) > 10 and max(last[-10:]) - min(last[-10:]) < 0.5
    wait_until(still, 120, "the operator's memory settles")
    return last[-1]


def reactions(shop, writes):
    """Milliseconds from a change of a policy to the status write that answers it."""
    shop.given_policy()
    shop.then_condition("PatchPolicy", "shop", "Ready", "True")
    arrived, seen = threading.Event(), []

    def listen(write):
        if write.stage == RECEIVED and write.resource == "patchpolicies" and write.namespace == shop.namespace:
            seen.append(time.monotonic())
            arrived.set()

    writes.on_write(listen)
    found = []
    for index in range(REACTIONS):
        arrived.clear()
        shop.when_changed("PatchPolicy", "shop", {"suspend": index % 2 == 0})
        changed = time.monotonic()
        if arrived.wait(5):
            found.append(max(0.0, (seen[-1] - changed) * 1000))
        wait_until(lambda: shop.get("PatchPolicy", "shop")["status"]["observedGeneration"] ==
                   shop.get("PatchPolicy", "shop")["metadata"]["generation"], 10, "the policy's status is up to date")
    writes.on_write(None)
    return found


def rollback_seconds(shop, writes):
    """From the first bad value in Prometheus to the first write that puts something back."""
    gate = {**ERRORS_GATE, "threshold": {"query": ERRORS_GATE["threshold"]["query"], "below": "0.05"}}
    query = gate["threshold"]["query"].replace("{{namespace}}", shop.namespace)
    shop.given_deployment(replicas=4)
    shop.given_policy("rollback", waves=[wave_plan("all", stepBake="30s")], gates=[gate])
    wait_until(lambda: shop.world.telemetry.query(query), 30, "the query has data")
    undone = []

    def listen(write):
        if write.stage == COMPLETE and write.resource in WORKLOADS and write.namespace == shop.namespace:
            undone.append(time.monotonic())

    wave = shop.wave(shop.when_patch_appears(BAD)).has_target("Canary")
    wait_until(lambda: any(value > 0.05 for _, value in shop.world.telemetry.query(query)), 60, "the errors are seen")
    visible = time.monotonic()
    writes.on_write(listen)
    wave.reaches("RolledBack")
    writes.on_write(None)
    return max(0.0, undone[0] - visible - GATE_INTERVAL_SECONDS)


def measure(world, writes, nodes, pods):
    operator = Operator(world, install_rights(world.cluster)).start()
    try:
        with world.steps.step(f"{pods} pods on {nodes} nodes are ready"):
            fill(world, pods)
        memory = settled(world.processes.pid(operator.name))
        shop = Shop(world, writes, "bench")
        shop.open()
        with world.steps.step(f"{REACTIONS} reactions"):
            delays = sorted(reactions(shop, writes))
        shop.when_deleted("PatchPolicy", "shop")
        with world.steps.step("a rollback"):
            rollback = rollback_seconds(shop, writes)
    finally:
        operator.stop()
    return {
        "time": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), "nodes": nodes, "pods": pods,
        "memory": {"mebibytes": round(memory, 1), "limit": MEMORY_LIMIT_MEBIBYTES, "met": memory < MEMORY_LIMIT_MEBIBYTES},
        "reaction": verdict(delays),
        "rollback": {"seconds": round(rollback, 3), "limit": ROLLBACK_LIMIT_SECONDS, "met": rollback < ROLLBACK_LIMIT_SECONDS}}


def verdict(delays):
    p99 = delays[int(len(delays) * 0.99)]
    return {"samples": len(delays), "medianMilliseconds": round(statistics.median(delays), 2),
            "p99Milliseconds": round(p99, 2), "limit": REACTION_LIMIT_MILLISECONDS,
            "met": len(delays) == REACTIONS and p99 < REACTION_LIMIT_MILLISECONDS}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--state", required=True, type=Path, help="the folder of the cluster's state")
    parser.add_argument("--output", required=True, type=Path)
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=10000)
    arguments = parser.parse_args()
    shutil.rmtree(arguments.state / "logs", ignore_errors=True)
    writes = Writes()
    world = World(arguments.state, outlive=False)
    try:
        world.up(arguments.nodes, writes.url)
        world.install_kinds()
        result = measure(world, writes, arguments.nodes, arguments.pods)
    finally:
        world.down()
        writes.close()
    text = json.dumps(result, indent=2)
    arguments.output.write_text(text + "\n")
    print(text)
    return 0 if all(result[name]["met"] for name in ("memory", "reaction", "rollback")) else 1


if __name__ == "__main__":
    sys.exit(main())
