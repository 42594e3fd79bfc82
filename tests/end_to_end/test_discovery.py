"""Newer versions of what runs are found in the registry, become Patches, and go out in waves."""

import time
import urllib.request
from datetime import datetime

import pytest

from controlplane.processes import wait_until

RUNNING, NEWER, NEWEST = "1.4.2", "1.4.3", "1.4.4"
LOOK_SECONDS = 20
HOURS_SINCE_1970 = time.time() / 3600


@pytest.fixture
def discovering(operator):
    operator.stop()
    operator.start(discovery={"interval": "1s"})
    yield operator
    operator.stop()


@pytest.fixture
def till(shop):
    """The shop with a repository in which nothing is newer yet than what runs."""
    shop.reference, shop.digests = f"{shop.world.registry.host}/{shop.namespace}/till", {}
    when_pushed(shop, RUNNING)
    shop.given_deployment()
    return shop


def when_pushed(shop, tag, age_hours=72):
    shop.digests[tag] = shop.world.registry.push(f"{shop.namespace}/till", tag, age_hours=age_hours)


def given_policy(shop, mode="Automatic", **updates):
    shop.given_policy(mode=mode, gates=[], updates=updates)
    shop.then_condition("PatchPolicy", "shop", "UpdatesDiscovered", "True", within=LOOK_SECONDS)


def patches(shop):
    return {patch["spec"]["to"]["tag"]: patch
            for patch in shop.api.list("Patch", shop.namespace, "patchwave.dev/discovered-by=shop")}


def then_found(shop, *tags):
    wait_until(lambda: set(patches(shop)) == set(tags), LOOK_SECONDS, lambda: f"found: {tags}\n{shop.describe()}")
    return [patches(shop)[tag] for tag in tags]


def then_held_back(shop, tag):
    def held_back():
        status = shop.get("PatchPolicy", "shop").get("status") or {}
        return next((each for each in status.get("discovery", {}).get("heldBack", []) if each["tag"] == tag), None)
    return wait_until(held_back, LOOK_SECONDS, lambda: f"{tag} is held back\n{shop.describe()}")


def hours_between(earlier, later):
    times = [datetime.fromisoformat(each.replace("Z", "+00:00")) for each in (earlier, later)]
    return (times[1] - times[0]).total_seconds() / 3600


def metric(operator, name, *labels):
    with urllib.request.urlopen(f"http://127.0.0.1:{operator.metrics_port}/metrics", timeout=5) as response:
        lines = response.read().decode().splitlines()
    return next((float(line.split()[-1]) for line in lines
                 if line.startswith(name + "{") and all(label in line for label in labels)), None)


def test_a_newer_version_becomes_a_patch_and_goes_out_in_waves(till, discovering):
    given_policy(till)
    for tag in ("1.5.0", "1.4.4-rc.1", "1.4.4-alpine", "latest", NEWER):
        when_pushed(till, tag)
    patch, = then_found(till, NEWER)
    assert patch["spec"]["to"]["digest"] == till.digests[NEWER]
    said = patch["metadata"]["annotations"]
    assert said["patchwave.dev/discovered-from"] == RUNNING
    assert f"{NEWER} is the latest version that counts for {RUNNING}" in said["patchwave.dev/discovered-because"]
    till.wave(patch["metadata"]["name"]).reaches("Succeeded")
    till.then_pods_run(("Deployment", "web"), NEWER)
    assert set(patches(till)) == {NEWER}
    labels = f'namespace="{till.namespace}"', 'policy="shop"'
    assert abs(metric(discovering, "patchwave_discovery_last_success_timestamp_seconds", *labels) - time.time()) < 60
    assert metric(discovering, "patchwave_registry_requests_total", 'outcome="answered"') > 0
    reasons = {event["reason"] for event in till.api.list("Event", till.namespace)}
    assert "PatchDiscovered" in reasons


@pytest.mark.usefixtures("discovering")
def test_a_version_that_is_too_young_is_held_back_and_it_is_said_until_when(till):
    given_policy(till)
    when_pushed(till, NEWER, age_hours=1)
    held_back = then_held_back(till, NEWER)
    assert 22.9 < hours_between(held_back["seenTime"], held_back["untilTime"]) <= 23
    till.then_condition("PatchPolicy", "shop", "UpdatesDiscovered", "True", f"{till.reference}:{NEWER} until",
                        held_back["untilTime"])
    assert not patches(till)
    till.when_changed("PatchPolicy", "shop", {"updates": {"minimumAge": "30m"}})
    then_found(till, NEWER)


def test_the_age_of_an_image_that_says_none_counts_from_when_it_was_first_seen(till, discovering):
    given_policy(till, minimumAge="2h")
    when_pushed(till, NEWER, age_hours=HOURS_SINCE_1970)
    before = then_held_back(till, NEWER)
    assert hours_between(before["seenTime"], before["untilTime"]) == 2
    discovering.stop()
    discovering.start(discovery={"interval": "1s"})
    looked = till.get("PatchPolicy", "shop")["status"]["discovery"]["lastTime"]
    wait_until(lambda: till.get("PatchPolicy", "shop")["status"]["discovery"]["lastTime"] > looked, LOOK_SECONDS,
               till.describe)
    assert then_held_back(till, NEWER) == before


@pytest.mark.usefixtures("discovering")
def test_in_observe_a_patch_is_found_and_nothing_runs_it_and_a_newer_one_takes_its_place(till):
    given_policy(till, mode="Observe")
    when_pushed(till, NEWER)
    first, = then_found(till, NEWER)
    name = first["metadata"]["name"]
    wait_until(lambda: till.waves(name), LOOK_SECONDS, till.describe)
    when_pushed(till, NEWEST)
    with till.never_runs(("Deployment", "web"), NEWER, NEWEST):
        then_found(till, NEWEST)
        wait_until(lambda: not till.waves(name), LOOK_SECONDS, till.describe)


@pytest.mark.usefixtures("discovering")
def test_a_registry_that_goes_away_changes_nothing_but_the_condition(till):
    registry = till.world.registry
    given_policy(till, mode="Observe")
    when_pushed(till, NEWER)
    when_pushed(till, NEWEST, age_hours=1)
    found, = then_found(till, NEWER)
    held_back = then_held_back(till, NEWEST)
    registry.down()
    try:
        till.then_condition("PatchPolicy", "shop", "UpdatesDiscovered", "False", till.reference)
        now, = then_found(till, NEWER)
        assert now["metadata"]["uid"] == found["metadata"]["uid"]
        assert then_held_back(till, NEWEST) == held_back
        till.then_condition("PatchPolicy", "shop", "Ready", "True")
    finally:
        registry.up()
    till.then_condition("PatchPolicy", "shop", "UpdatesDiscovered", "True", within=LOOK_SECONDS)


@pytest.mark.usefixtures("discovering")
def test_a_tag_that_names_another_image_by_now_goes_out_under_its_own_name(shop):
    shop.reference, shop.digests = f"{shop.world.registry.host}/{shop.namespace}/till", {}
    when_pushed(shop, RUNNING)
    when_pushed(shop, NEWER)
    pinned = f"{shop.reference}:{RUNNING}@{shop.digests[RUNNING]}"
    shop.given_deployment(containers=[{"name": "app", "image": pinned}])
    given_policy(shop, semver="Digest")
    assert not patches(shop)
    when_pushed(shop, RUNNING, age_hours=48)
    patch, = then_found(shop, RUNNING)
    assert patch["spec"]["to"]["digest"] == shop.digests[RUNNING]
    shop.then_pods_run(("Deployment", "web"), RUNNING)


@pytest.mark.usefixtures("discovering")
def test_each_line_that_runs_gets_its_own_version_and_no_other(till):
    when_pushed(till, "1.3.9")
    old = till.given_deployment("old", tag="1.3.9")
    given_policy(till)
    when_pushed(till, "1.3.10")
    when_pushed(till, NEWER)
    with till.never_runs(old, NEWER):
        till.then_pods_run(("Deployment", "web"), NEWER)
        till.then_pods_run(old, "1.3.10")
