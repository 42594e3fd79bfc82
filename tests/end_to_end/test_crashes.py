"""The operator dies at the worst moments. Where things end, and what it cost the pods, is that of an unbroken run."""

import itertools
import random
import threading
import time
from collections import Counter

import pytest

from controlplane.operator_process import NAMESPACE, Operator
from controlplane.processes import wait_until
from shop import BAD, GOOD, OLD, images_of, is_ready, wave_plan
from writes import COMPLETE, RECEIVED

WORKLOADS = (("Deployment", "web"), ("StatefulSet", "db"), ("DaemonSet", "agent"))
ALONE = {"leaderElection": {"enabled": False}}
LEASE_SECONDS = 5
SHORT_LEASE = {"leaderElection": {"leaseDuration": f"{LEASE_SECONDS}s", "renewDeadline": "3s", "retryPeriod": "500ms"}}
RANDOM_KILLS = 30
SEED = 20261121


class PodsMade:
    """Counts the pods that a namespace ever had, by workload and image: a restart of a pod is one more."""

    def __init__(self, shop):
        self._shop = shop
        self._seen = {}
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._done.set()

    def count(self):
        return Counter(self._seen.values())

    def _watch(self):
        listed = self._shop.api.request("GET", f"/api/v1/namespaces/{self._shop.namespace}/pods")
        for event in self._shop.api.watch("Pod", listed["metadata"]["resourceVersion"], seconds=1800):
            if self._done.is_set():
                return
            pod = event["object"]
            if event["type"] != "ADDED" or pod["metadata"]["namespace"] != self._shop.namespace:
                continue
            track = pod["metadata"]["labels"].get("patchwave.dev/track", "")
            self._seen[pod["metadata"]["uid"]] = (workload_of(pod), track, tag_of(self._shop, pod))


# Kills take time, and a copy that is late because of them is not the patch's harm.
PATIENT = {"progressDeadline": "3m"}
CANARY_THEN_REST = [wave_plan("canary", select={"count": 1}, **PATIENT), wave_plan("rest", **PATIENT)]


def good_patch(shop, meanwhile):
    """The good story, from policy to the last pod. `meanwhile()` is called all the while."""
    shop.given_policy(waves=CANARY_THEN_REST)
    patch = shop.when_patch_appears(GOOD)
    until(shop, lambda: shop.wave(patch, 2).phase == "Succeeded", meanwhile)
    for workload in WORKLOADS:
        shop.then_pods_run(workload, GOOD)
        shop.then_whole(workload)


def bad_patch(shop, meanwhile):
    """Evidence comes once each workload has its first copy: else the harm of one would stop another on its way there,
    sooner in one run and later in the next."""
    shop.world.telemetry.control(pause=True)
    # A rate looks back: until it has run dry, the old copies would speak for the first new one.
    rate = f'rate(http_requests_total{{namespace="{shop.namespace}"}}[5s])'
    wait_until(lambda: not shop.world.telemetry.query(rate), 30, "no rate is left of before the pause")
    shop.given_policy(waves=[wave_plan("all", **PATIENT)])
    patch = shop.when_patch_appears(BAD)
    until(shop, lambda: all(runs_somewhere(shop, name, BAD) for _, name in WORKLOADS), meanwhile)
    shop.world.telemetry.control(pause=False)
    until(shop, lambda: shop.wave(patch).phase == "RolledBack", meanwhile)
    for workload in WORKLOADS:
        shop.then_pods_run(workload, OLD)
        shop.then_whole(workload)


def runs_somewhere(shop, workload, tag):
    return any(is_ready(pod) and workload_of(pod) == workload and tag_of(shop, pod) == tag
               for pod in shop.api.list("Pod", shop.namespace))


def workload_of(pod):
    """A canary copy may not carry all labels of its workload: the primary's selector must not match it."""
    labels = pod["metadata"]["labels"]
    return labels.get("patchwave.dev/canary-of") or labels["app"]


def tag_of(shop, pod):
    return next(tag for tag in shop.digests if any(shop.is_version(image, tag) for image in images_of(pod)))


def until(shop, question, meanwhile, seconds=420):
    def asked():
        meanwhile()
        return question()
    wait_until(asked, seconds, shop.describe)


@pytest.fixture
def lonely_operator(world, account, session_operator):
    """Without an election, so that a restart goes on at once."""
    session_operator.stop()
    operator = Operator(world, account, "operator-alone")
    operator.start(**ALONE)
    yield operator
    operator.stop()


@pytest.mark.parametrize("story", [good_patch, bad_patch])
@pytest.mark.parametrize("stage", [RECEIVED, COMPLETE])
def test_killed_at_every_write_it_ends_as_an_unbroken_run(shop, writes, lonely_operator, story, stage):
    shop.given_shop()
    killed_at, passed = [], threading.Event()

    def kill(write):
        """Before a write: every second one passes, so that there is a way forward. After a write: each."""
        if write.stage != stage or write.resource == "events" or (stage == COMPLETE and write.code >= 300):
            return
        if stage == RECEIVED and not passed.is_set():
            passed.set()
            return
        passed.clear()
        killed_at.append(str(write))
        lonely_operator.kill_now()

    def restart():
        if not lonely_operator.running:
            lonely_operator.start(wait_ready=False, **ALONE)

    writes.on_write(kill)
    with PodsMade(shop) as pods:
        story(shop, restart)
        writes.on_write(None)
        restart()
        assert len(killed_at) > 10, killed_at
        assert pods.count() == expected_pods(story), killed_at


def expected_pods(story):
    """What an unbroken run makes: each pod once, and one canary copy."""
    if story is good_patch:
        return Counter({("web", "", GOOD): 4, ("web", "canary", GOOD): 1, ("db", "", GOOD): 3, ("agent", "", GOOD): 4})
    return Counter({("web", "canary", BAD): 1, ("db", "", BAD): 1, ("db", "", OLD): 1, ("agent", "", BAD): 1,
                    ("agent", "", OLD): 1})


@pytest.mark.parametrize("story", [good_patch, bad_patch])
def test_an_unbroken_run_makes_each_pod_once(shop, operator, story):
    shop.given_shop()
    with PodsMade(shop) as pods:
        story(shop, lambda: None)
        assert pods.count() == expected_pods(story)


def test_killed_at_thirty_random_moments_every_patch_still_arrives(shop, lonely_operator):
    """Patch after patch, with a kill every other second, until there were thirty."""
    shop.given_shop()
    shop.given_policy(waves=CANARY_THEN_REST)
    moments = random.Random(SEED)
    kills, next_kill = 0, time.monotonic()

    def disturb():
        nonlocal kills, next_kill
        if not lonely_operator.running:
            lonely_operator.start(wait_ready=False, **ALONE)
            next_kill = time.monotonic() + moments.uniform(0.3, 3)
        elif kills < RANDOM_KILLS and time.monotonic() >= next_kill:
            lonely_operator.kill()
            kills += 1

    with PodsMade(shop) as pods:
        for tag in (f"1.4.{patch}" for patch in itertools.count(10)):
            if kills == RANDOM_KILLS:
                break
            shop.given_version(tag)
            patch = shop.when_patch_appears(tag)
            until(shop, lambda patch=patch: shop.wave(patch, 2).phase == "Succeeded", disturb)
            for workload in WORKLOADS:
                shop.then_pods_run(workload, tag)
                shop.then_whole(workload)
            made = Counter({key: count for key, count in pods.count().items() if key[2] == tag})
            assert made == Counter({("web", "", tag): 4, ("web", "canary", tag): 1, ("db", "", tag): 3,
                                    ("agent", "", tag): 4}), f"after {kills} kills (seed {SEED})"


def holder(world):
    lease = world.api.find("Lease", "patchwave", NAMESPACE) or {"spec": {}}
    return lease["spec"].get("holderIdentity") or ""


def test_when_the_leader_is_killed_the_other_replica_goes_on_within_the_lease(shop, world, account, operator):
    operator.stop()
    operator.start(**SHORT_LEASE)
    second = Operator(world, account, "operator-second").start(**SHORT_LEASE)
    try:
        shop.given_shop()
        shop.given_policy(waves=[wave_plan("canary", select={"count": 1}, stepBake="8s"), wave_plan("rest")])
        patch = shop.when_patch_appears(GOOD)
        shop.wave(patch).has_target("Canary")
        leaders = [replica for replica in (operator, second) if replica.is_leader]
        assert len(leaders) == 1, "there is one leader"
        survivor = second if leaders == [operator] else operator
        leaders[0].kill()
        wait_until(lambda: survivor.is_leader, LEASE_SECONDS + 3, "the other replica leads")
        shop.wave(patch, 2).reaches("Succeeded")
        for workload in WORKLOADS:
            shop.then_pods_run(workload, GOOD)
    finally:
        second.stop()
        operator.stop()


def test_an_orderly_stop_gives_the_lease_up_at_once(world, operator):
    wait_until(lambda: operator.is_leader, 15, "it leads")
    operator.stop()
    wait_until(lambda: holder(world) == "", 2, "the lease is free")
