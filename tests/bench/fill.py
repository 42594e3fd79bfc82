"""Many nodes and pods through the API of a real control plane, kept alive by kwok."""

import threading
from concurrent.futures import ThreadPoolExecutor

from controlplane.processes import wait_until

NAMESPACES, APPS, TEAMS = 10, 400, 40


def fill(world, nodes, pods):
    world.cluster.add_nodes(nodes)
    names = [node["metadata"]["name"] for node in world.api.list("Node")]
    for index in range(NAMESPACES):
        world.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"fill-{index}"}})
    wait_until(lambda: all(world.api.find("ServiceAccount", "default", f"fill-{index}") for index in range(NAMESPACES)), 120,
               "the namespaces are ready")
    api = world.api
    with ThreadPoolExecutor(8) as workers:
        list(workers.map(lambda number: api.create(_pod(number, names[number % len(names)])), range(pods)))
    _wait_until_all_run(api)


def _wait_until_all_run(api, seconds=900):
    pause = threading.Event()
    for _ in range(seconds):
        # The server filters; a list of all would load the machine that is measured.
        if not api.request("GET", "/api/v1/pods?fieldSelector=status.phase!=Running&limit=1")["items"]:
            return
        pause.wait(1)
    raise RuntimeError(f"after {seconds} s not all pods run")


def _pod(number, node):
    """As a Deployment's pods are: two containers, an owner's hash, labels that some hundreds share."""
    app = f"app-{number % APPS}"
    return {
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": f"{app}-{number:05d}", "namespace": f"fill-{number % NAMESPACES}",
                     "labels": {"app": app, "team": f"team-{number % TEAMS}", "pod-template-hash": f"h{number % APPS}"}},
        "spec": {"nodeName": node, "terminationGracePeriodSeconds": 0,
                 "containers": [{"name": name, "image": f"registry.example.com/{app}/{name}:1.{number % 7}",
                                 "env": [{"name": "REGION", "value": "eu-west-1"}],
                                 "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}}}
                                for name in ("app", "sidecar")]}}
