"""A pool of pretended nodes in three waves: drained under a budget, patched by Jobs, given back; or put back."""

import itertools

import pytest

from controlplane.operator_process import NAMESPACE, NODE_JOBS
from controlplane.processes import wait_until
from own_nodes import OwnNodes
from shop import is_ready

IMAGE = "registry.example.com/tools/node-shell@sha256:" + "a" * 64
RECORD, PROOF = "patchwave.dev/cordoned-by", "patchwave.dev/patched-by"
NODES, AT_ONCE = 40, 8
SPREAD = {"app": "spread"}
ONE_A_NODE = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [
    {"labelSelector": {"matchLabels": SPREAD}, "topologyKey": "kubernetes.io/hostname"}]}}
SECONDS = 400

_serial = itertools.count(1)


class Pool(OwnNodes):
    def __init__(self, shop):
        label = f"pool-{next(_serial)}"
        super().__init__(shop.api, label, [f"{label}-{index}" for index in range(NODES)])
        self.shop = shop
        self.most_cordoned = 0

    def close(self):
        for kind in ("Patch", "PatchPolicy", "NodeRecipe"):
            self.shop.world.cluster.kubectl("-n", NAMESPACE, "delete", kind.lower(), self.label, "--ignore-not-found")
        wait_until(lambda: not self.waves(), 60, "every wave is gone")
        self.delete()

    def given_app(self, replicas, min_available, **pod):
        labels = SPREAD
        self.shop.given("apps/v1", "Deployment", "spread", spec={
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {
                "terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": "app:1"}],
                **self.placement, **pod}}})
        self.shop.given("policy/v1", "PodDisruptionBudget", "spread",
                        spec={"selector": {"matchLabels": labels}, "minAvailable": min_available})

    def given_policy(self, verify="/verify"):
        self._create("NodeRecipe", {"image": IMAGE, "patch": {"command": ["/patch"]}, "verify": {"command": [verify]},
                                    "undo": {"command": ["/undo"]}})
        pace = {"stepBake": "1s", "bake": "1s", "progressDeadline": "60s"}
        self._create("PatchPolicy", {
            "mode": "Automatic", "disruption": {"maxUnavailable": AT_ONCE},
            "targets": {"nodePools": [{"name": self.label, "nodeSelector": {"matchLabels": {"pool": self.label}},
                                       "provider": {"inPlace": {"recipe": self.label, "reboot": "Never"}}}]},
            "waves": [{"name": "canary", "select": {"count": 1}, **pace},
                      {"name": "some", "select": {"percent": 25}, "maxUnavailable": AT_ONCE, **pace},
                      {"name": "rest", "maxUnavailable": AT_ONCE, **pace}]})

    def when_patch_appears(self):
        self._create("Patch", {"subject": {"nodePool": self.label}, "to": {"version": "2026-11"}})

    def waves(self):
        waves = [wave for wave in self.api.list("PatchWave", NAMESPACE) if wave["spec"]["patchRef"]["name"] == self.label]
        return sorted(waves, key=lambda wave: wave["spec"]["order"])

    def phases(self):
        """And counts, while at it, how many nodes are out of service at once."""
        ours = [node for node in self.list() if RECORD in node["metadata"].get("annotations", {})]
        self.most_cordoned = max(self.most_cordoned, len(ours))
        return [(wave.get("status") or {}).get("phase") for wave in self.waves()]

    def holds(self, reason):
        """The hold of the first wave, when it is for that reason."""
        hold = next((wave.get("status", {}).get("hold") for wave in self.waves()), None)
        return hold if hold and hold["reason"] == reason else None

    def ready_pods(self):
        return sum(map(is_ready, self.api.list("Pod", self.shop.namespace, "app=spread")))

    def wait(self, question, what):
        return wait_until(question, SECONDS, lambda: f"{what}\n{self.waves()}")

    def _create(self, kind, spec):
        self.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": kind, "spec": spec,
                         "metadata": {"name": self.label, "namespace": NAMESPACE}})


@pytest.fixture
def pool(shop, operator):
    operator.stop()
    operator.start(nodeJobs=NODE_JOBS)
    the_pool = Pool(shop)
    the_pool.create()
    yield the_pool
    the_pool.close()
    operator.stop()


def test_forty_nodes_are_patched_in_three_waves_and_never_more_at_once_than_the_budget_lets(pool):
    pool.given_app(replicas=20, min_available=18)
    pool.when_person(pool.names[7], unschedulable=True)
    pool.given_policy()
    pool.when_patch_appears()
    pool.wait(lambda: pool.phases() == ["Succeeded"] * 3, "three waves succeed")
    assert [len(wave["spec"]["nodes"]["names"]) for wave in pool.waves()] == [1, 10, 29]
    assert 0 < pool.most_cordoned <= AT_ONCE
    for node in pool.list():
        annotations = node["metadata"]["annotations"]
        assert annotations[PROOF].startswith(f"{pool.label}@sha256:") and RECORD not in annotations
        assert node["spec"].get("unschedulable", False) == (node["metadata"]["name"] == pool.names[7])


def test_a_budget_that_can_not_be_met_is_named_before_anything_is_touched(pool):
    pool.given_app(replicas=NODES, min_available=NODES, affinity=ONE_A_NODE)
    pool.wait(lambda: pool.ready_pods() == NODES, "a pod on each node is ready")
    pool.given_policy()
    pool.when_patch_appears()
    hold = pool.wait(lambda: pool.holds("PreflightFailed"), "the first wave is held")
    assert "this wave would deadlock: node pool-" in hold["message"], hold
    assert f"PDB {pool.shop.namespace}/spread needs {NODES} and has {NODES}" in hold["message"], hold
    assert pool.most_cordoned == 0 and not pool.waves()[0]["status"].get("targets")
    pool.shop.api.delete("PodDisruptionBudget", "spread", pool.shop.namespace)
    pool.wait(lambda: pool.phases()[:1] == ["Succeeded"], "the wave goes on once the budget is gone")


def test_a_patch_that_its_own_proof_refuses_stops_at_the_first_node_and_is_taken_back(pool):
    pool.given_policy(verify="/fails")
    pool.when_patch_appears()
    pool.wait(lambda: pool.phases()[:1] == ["RolledBack"], "the canary is put back")
    harm = pool.waves()[0]["status"]["harm"]
    assert harm["gate"] == "node" and harm["message"] == "the Verify step failed: exit code 3: not what was wanted"
    pool.wait(lambda: pool.waves()[1]["status"].get("hold", {}).get("reason") == "PatchQuarantined", "the rest is denied")
    assert pool.most_cordoned == 1
    for node in pool.list():
        assert not node["spec"].get("unschedulable") and PROOF not in node["metadata"]["annotations"]
