"""Pretended nodes for the pods of one test alone: a label to choose them by, and a taint that keeps others away."""

from controlplane.processes import wait_until
from shop import is_ready


class OwnNodes:
    def __init__(self, api, label, names):
        self.api, self.label, self.names = api, label, names

    def create(self):
        for name in self.names:
            self.api.create({
                "apiVersion": "v1", "kind": "Node",
                "metadata": {"name": name, "annotations": {"kwok.x-k8s.io/node": "fake"}, "labels": {"pool": self.label, "kubernetes.io/hostname": name}},
                "spec": {"taints": [{"key": "pool", "value": self.label, "effect": "NoSchedule"}]}})
        wait_until(lambda: all(map(is_ready, self.list())), 60, "the nodes are ready")

    def delete(self):
        """Pods first: a node's pods would stay when it goes."""
        for name in self.names:
            self.api.delete("Node", name)

    def list(self):
        return [node for node in self.api.list("Node") if node["metadata"]["labels"].get("pool") == self.label]

    @property
    def placement(self):
        return {"nodeSelector": {"pool": self.label},
                "tolerations": [{"key": "pool", "operator": "Equal", "value": self.label, "effect": "NoSchedule"}]}

    def when_person(self, name, unschedulable):
        """As `kubectl cordon` and `kubectl uncordon` write it."""
        self.api.patch("Node", name, None, {"spec": {"unschedulable": True if unschedulable else None}},
                       manager="kubectl-cordon")
