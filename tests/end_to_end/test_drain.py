"""Nodes are drained through the real eviction API: budgets hold, and cordons go to whom they belong."""

import contextlib
import itertools
import json
import subprocess

import pytest

from controlplane.operator_process import program
from controlplane.processes import wait_until
from own_nodes import OwnNodes
from shop import is_ready

RECORD = "patchwave.dev/cordoned-by"
KEPT = "example.com/kept"
BLOCKED = 2

_serial = itertools.count(1)


class Pool(OwnNodes):
    """Three nodes for this test's pods alone."""

    def __init__(self, shop):
        super().__init__(shop.api, shop.namespace, [f"drain-{next(_serial)}" for _ in range(3)])
        self.shop = shop

    def node(self, name):
        return self.api.get("Node", name)

    def is_cordoned(self, name):
        return self.node(name)["spec"].get("unschedulable", False)

    def record(self, name):
        text = self.node(name)["metadata"].get("annotations", {}).get(RECORD)
        return json.loads(text) if text else None

    def pods_on(self, name, owner="ReplicaSet"):
        return [pod for pod in self.api.list("Pod", self.shop.namespace) if pod["spec"].get("nodeName") == name and
                pod["metadata"]["ownerReferences"][0]["kind"] == owner]

    def given_app(self, name, replicas, budget=None, finalizers=()):
        labels = {"app": name}
        self.shop.given("apps/v1", "Deployment", name, spec={
            "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels, "finalizers": list(finalizers)}, "spec": {
                "terminationGracePeriodSeconds": 1, "containers": [{"name": "app", "image": "app:1"}],
                **self.placement}}})
        if budget:
            self.given_budget(name, name, **budget)

    def given_budget(self, name, app, **budget):
        self.shop.given("policy/v1", "PodDisruptionBudget", name, spec={"selector": {"matchLabels": {"app": app}}, **budget})

    def then_all_ready(self, pods):
        """And the budgets' controller has seen so."""
        def counted(budget):
            status = budget["status"]
            return status.get("currentHealthy", 0) == status.get("expectedPods", 0)

        def there():
            found = self.api.list("Pod", self.shop.namespace)
            budgets = self.api.list("PodDisruptionBudget", self.shop.namespace)
            return len(found) == pods and all(map(is_ready, found)) and all(map(counted, budgets))
        wait_until(there, 90, lambda: f"{pods} pods are ready\n{self.shop.describe()}")

    def never_breaks_a_budget(self):
        """Healthy pods as the budgets' controller counts them, against what each budget wants."""
        def broken():
            for budget in self.api.list("PodDisruptionBudget", self.shop.namespace):
                status = budget["status"]
                if status["currentHealthy"] < status["desiredHealthy"]:
                    return budget["metadata"]["name"], status
            return None
        return self.shop.never(broken, "every budget has what it needs")

    def release_kept(self):
        """What holds pods beyond their grace period lets go."""
        for pod in self.api.list("Pod", self.shop.namespace):
            if pod["metadata"].get("finalizers"):
                with contextlib.suppress(Exception):
                    self.api.patch("Pod", pod["metadata"]["name"], self.shop.namespace, {"metadata": {"finalizers": None}})


@pytest.fixture
def pool(shop):
    the_pool = Pool(shop)
    the_pool.create()
    yield the_pool
    for name in the_pool.names:
        the_pool.when_person(name, False)
    for kind in ("Deployment", "DaemonSet", "Pod"):
        for workload in shop.api.list(kind, shop.namespace):
            shop.api.delete(kind, workload["metadata"]["name"], shop.namespace)

    def all_gone():
        the_pool.release_kept()
        return not shop.api.list("Pod", shop.namespace)
    wait_until(all_gone, 60, "the pods are gone")
    the_pool.delete()


def command(pool, *words):
    return [program("kubectl-patchwave"), *words, f"--kubeconfig={pool.shop.world.cluster.admin_kubeconfig}"]


def patchwave(pool, *words, expect=0):
    answer = subprocess.run(command(pool, *words), capture_output=True, text=True, timeout=180, check=False)
    assert answer.returncode == expect, answer.stdout + answer.stderr
    return answer


@contextlib.contextmanager
def draining(pool, node, *words):
    """A drain that goes on meanwhile; it has its cordon on record."""
    with subprocess.Popen(command(pool, "drain", node, "--yes", *words), text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT) as process:
        try:
            wait_until(lambda: pool.record(node), 30, "the drain has begun")
            yield process
        finally:
            process.kill()


def test_two_hundred_pods_leave_and_no_budget_is_broken(pool):
    pool.given_app("share", 60, {"maxUnavailable": "10%"})
    pool.given_app("count", 30, {"minAvailable": 27})
    pool.given_app("single", 10, {"maxUnavailable": 1})
    pool.given_app("percent", 20, {"minAvailable": "80%"})
    pool.given_app("free", 80)
    pool.shop.given_daemonset(**pool.placement)
    pool.then_all_ready(200 + len(pool.names))
    node = pool.names[0]
    assert len(pool.pods_on(node)) > 40
    assert "Nothing keeps them" not in patchwave(pool, "preflight", "nodes", node).stdout, "budgets make it go in steps"
    with pool.never_breaks_a_budget():
        patchwave(pool, "drain", node, "--yes", "--reason", "CAB-1")
    assert pool.pods_on(node) == []
    assert len(pool.pods_on(node, "DaemonSet")) == 1
    assert pool.is_cordoned(node)
    assert pool.record(node)["reason"] == "CAB-1"
    patchwave(pool, "uncordon", node, "--yes")
    assert not pool.is_cordoned(node)
    assert pool.record(node) is None


def test_a_deadlock_is_named_before_anything_is_touched(pool):
    pool.given_app("web", 3, {"minAvailable": 3})
    pool.then_all_ready(3)
    node = next(name for name in pool.names if pool.pods_on(name))
    words = f"PDB {pool.shop.namespace}/web needs 3 and has 3"
    told = patchwave(pool, "preflight", "nodes", "--selector", f"pool={pool.label}", expect=BLOCKED).stdout
    assert "This wave will deadlock:" in told
    assert f"node {node}, pod {pool.shop.namespace}/web-" in told
    assert words in told
    assert words in patchwave(pool, "drain", node, "--yes", expect=BLOCKED).stdout
    assert not pool.is_cordoned(node)
    assert pool.record(node) is None
    assert [write for write in pool.shop.writes.to("", ["nodes"]) if write.name == node and write.verb == "patch" and
            not write.subresource] == [], "the node was written to"


def test_a_budget_that_is_short_for_a_while_is_waited_for(pool):
    pool.given_app("web", 4, {"minAvailable": 3})
    pool.then_all_ready(4)
    node = max(pool.names, key=lambda name: len(pool.pods_on(name)))
    with pool.never_breaks_a_budget():
        patchwave(pool, "drain", node, "--yes")
    assert pool.pods_on(node) == []


def test_a_budget_over_pods_without_controllers_is_named(pool):
    pool.given_budget("tool", "tool", maxUnavailable=1)
    pool.shop.given("v1", "Pod", "tool", spec={"nodeName": pool.names[0], "containers": [{"name": "app", "image": "app:1"}],
                                               **pool.placement})
    pool.api.patch("Pod", "tool", pool.shop.namespace, {"metadata": {"labels": {"app": "tool"}}})
    wait_until(lambda: is_ready(pool.shop.get("Pod", "tool")), 30, "the pod is ready")

    def counted():
        status = pool.shop.get("PodDisruptionBudget", "tool")["status"]
        return status.get("observedGeneration") and status["currentHealthy"] == 1 and status["expectedPods"] == 0
    wait_until(counted, 30, "the budget is counted, by controllers")
    told = patchwave(pool, "preflight", "nodes", pool.names[0], "--bare-pods", "evict", expect=BLOCKED).stdout
    assert f"PDB {pool.shop.namespace}/tool allows nothing" in told
    assert "no controller would make it again" in patchwave(pool, "drain", pool.names[0], "--yes", expect=BLOCKED).stdout


def test_two_budgets_over_one_pod_are_named_by_the_api_server_too(pool):
    pool.given_app("web", 3, {"maxUnavailable": 1})
    pool.then_all_ready(3)
    pool.given_budget("web-too", "web", maxUnavailable=1)
    found = json.loads(patchwave(pool, "preflight", "nodes", "--selector", f"pool={pool.label}", "-o", "json",
                                 expect=BLOCKED).stdout)
    assert {finding["reason"] for finding in found["findings"]} == {"SeveralBudgets"}
    assert all("web-too" in finding["message"] for finding in found["findings"])


def test_a_pod_that_ignores_its_grace_period_ends_the_drain_and_the_node_is_put_back(pool):
    pool.given_app("slow", 3, finalizers=[KEPT])
    pool.then_all_ready(3)
    node = next(name for name in pool.names if pool.pods_on(name))
    answer = patchwave(pool, "drain", node, "--yes", "--deadline", "8s", expect=BLOCKED)
    assert "not drained within 8s" in answer.stdout
    assert "of them leaving" in answer.stdout
    assert not pool.is_cordoned(node)
    assert pool.record(node) is None


def test_a_cordon_from_before_the_drain_stays_after_it(pool):
    node = pool.names[0]
    pool.when_person(node, True)
    patchwave(pool, "drain", node, "--yes")
    assert pool.record(node)["wasUnschedulable"]
    patchwave(pool, "uncordon", node, "--yes")
    assert pool.is_cordoned(node)
    assert pool.record(node) is None


def test_a_person_who_cordons_during_the_drain_finds_the_node_cordoned_after_it(pool):
    pool.given_app("slow", 3, finalizers=[KEPT])
    pool.then_all_ready(3)
    node = next(name for name in pool.names if pool.pods_on(name))
    with draining(pool, node):
        # Between two looks of the drain, so that the bit alone says nothing.
        pool.when_person(node, False)
        pool.when_person(node, True)
        wait_until(lambda: pool.release_kept() or not pool.pods_on(node), 60, "the node is drained")
    patchwave(pool, "uncordon", node, "--yes")
    assert pool.is_cordoned(node)
    assert pool.record(node) is None


def test_a_cordon_that_is_lost_is_put_back_once_and_then_the_node_is_theirs(pool):
    pool.given_app("slow", 3, finalizers=[KEPT])
    pool.then_all_ready(3)
    node = next(name for name in pool.names if pool.pods_on(name))
    with draining(pool, node) as process:
        pool.when_person(node, False)
        wait_until(lambda: pool.is_cordoned(node), 20, "the cordon is put back")
        assert pool.record(node)["repeats"] == 1
        pool.when_person(node, False)
        output, _ = process.communicate(timeout=30)
    assert "made the node schedulable again, twice" in output
    assert not pool.is_cordoned(node)
    assert pool.record(node) is None


def test_a_drain_that_was_killed_goes_on_where_it_was(pool):
    pool.given_app("slow", 3, finalizers=[KEPT])
    pool.then_all_ready(3)
    node = next(name for name in pool.names if pool.pods_on(name))
    with draining(pool, node):
        pass
    begun = pool.record(node)
    pool.release_kept()
    patchwave(pool, "drain", node, "--yes")
    assert pool.record(node) == begun
    patchwave(pool, "uncordon", node, "--yes")
    assert not pool.is_cordoned(node)


def test_what_another_drains_is_left_alone(pool):
    node = pool.names[0]
    theirs = json.dumps({"owner": "shop/workers/u-1", "reason": "patch", "since": "2026-11-21T02:00:00Z"})
    pool.api.patch("Node", node, None, {"metadata": {"annotations": {RECORD: theirs}}, "spec": {"unschedulable": True}})
    assert "held by shop/workers/u-1" in patchwave(pool, "drain", node, "--yes", expect=BLOCKED).stdout
    assert "which will give it back" in patchwave(pool, "uncordon", node, "--yes", expect=1).stderr
    assert pool.is_cordoned(node)
