"""From an event at the API server to the reconcile that answers it.

An approval for a wave that isn't there is answered by one write of its status. The time runs from when the API server
received the creation until it received that write, so it includes the storing of the object and the watch: it is an
upper bound. The same is measured of the Deployment controller of kube-controller-manager, a client-go program, which
answers a new Deployment by the creation of a ReplicaSet: both kinds of objects are created in turns."""

import threading

import audit
from controlplane.operator_process import NAMESPACE
from controlplane.processes import wait_until

PAUSE_SECONDS = 0.03
DEPLOYMENT_CONTROLLER = "system:serviceaccount:kube-system:deployment-controller"


def measure(world, account, count):
    names = [f"reaction-{number}" for number in range(count)]
    for name in names:
        world.api.create(_approval(name))
        threading.Event().wait(PAUSE_SECONDS)
        world.api.create(_deployment(name))
        threading.Event().wait(PAUSE_SECONDS)
    operator = f"system:serviceaccount:{NAMESPACE}:{account}"
    return wait_until(lambda: _both(world, operator, names), 120, "every event has its answer")


def _both(world, operator, names):
    requests = audit.read(world.cluster.audit_log_path)
    ours = _reactions(requests, names, "patchapprovals", lambda request: (
        request.name if request.user == operator and request.resource == "patchapprovals" else None))
    theirs = _reactions(requests, names, "deployments", lambda request: (
        request.name.rpartition("-")[0]
        if request.user == DEPLOYMENT_CONTROLLER and (request.verb, request.resource) == ("create", "replicasets") else None))
    if len(ours) < len(names) or len(theirs) < len(names):
        return None
    return audit.summary(ours), audit.summary(theirs)


def _reactions(requests, names, resource, answered):
    """`answered` names the object that a request is the answer to. In milliseconds."""
    wanted = set(names)
    created = {request.name: request.received for request in requests
               if (request.verb, request.resource) == ("create", resource) and request.name in wanted}
    first = {}
    for request in requests:
        name = answered(request)
        if name in created:
            first.setdefault(name, request.received)
    return [(first[name] - created[name]) * 1000 for name in first]


def _approval(name):
    return {"apiVersion": "patchwave.dev/v1alpha1", "kind": "PatchApproval",
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": {"waveRef": {"name": "none"}, "approver": "admin", "decision": "Deny",
                     "planHash": "sha256:" + "0" * 64, "reason": "bench"}}


def _deployment(name):
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "default"},
            "spec": {"replicas": 0, "selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "app", "image": "registry.example.com/web:1"}]}}}}
