"""What happens around a wave while it is under way, and what it waits for."""

import datetime

import pytest

from controlplane.processes import wait_until
from shop import GOOD, NEXT, OLD, pause, wave_plan

pytestmark = pytest.mark.usefixtures("operator")
ONE_WAVE = [wave_plan("all")]
SLOW_STEP = [wave_plan("all", stepBake="12s")]
OUTAGE_SECONDS = 60


def test_the_autoscaler_keeps_the_replicas_while_a_canary_is_out(shop):
    workload = shop.given_deployment(replicas=4)
    shop.given_autoscaler("web", 4, 8)
    shop.given_policy(waves=SLOW_STEP)
    wave = shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary")
    shop.when_changed("HorizontalPodAutoscaler", "web", {"minReplicas": 6})
    with shop.never(lambda: shop.spec_of(workload)["replicas"] < 4, "replicas are never below what they were"):
        wait_until(lambda: shop.spec_of(workload)["replicas"] == 6, 30, "the autoscaler sets 6")
        wave.reaches("Succeeded")
    assert shop.spec_of(workload)["replicas"] == 6
    shop.then_pods_run(workload, GOOD)


def test_a_foreign_edit_of_the_image_holds_the_wave_and_names_who_did_it(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=SLOW_STEP)
    wave = shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary")
    shop.when_image_is_set_by("argocd-controller", *workload, NEXT)
    wave.holds("FieldConflict")
    assert "argocd-controller" in wave.status("hold")["message"]
    shop.then_pods_run(workload, NEXT)
    with shop.never_runs(workload, GOOD):
        pause(5)


def test_a_wave_holds_while_prometheus_is_down_and_goes_on_when_it_is_back(shop, world):
    workload = shop.given_deployment()
    shop.given_policy(waves=SLOW_STEP)
    wave = shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary")
    world.telemetry.stop_prometheus()
    wave.holds("TelemetryUnavailable")
    with shop.never_runs(workload, GOOD):
        wave.stays(lambda: wave.phase == "Running", OUTAGE_SECONDS, "the wave neither goes on nor back")
    world.telemetry.start_prometheus()
    wave.reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)


def test_no_data_is_neither_a_pass_nor_harm(shop, world):
    workload = shop.given_deployment()
    shop.given_policy(waves=ONE_WAVE)
    world.telemetry.control(pause=True)
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("NoData")
    wave.stays(lambda: wave.phase in ("Waiting", "Running"), 10, "the wave waits for evidence")
    world.telemetry.control(pause=False)
    wave.reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)


def next_minute_after(seconds):
    """The first full minute of UTC that is at least so far away."""
    least = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)
    return least.replace(second=0, microsecond=0) + datetime.timedelta(minutes=1)


def seconds_until(moment):
    return max(0, (moment - datetime.datetime.now(datetime.timezone.utc)).total_seconds())


def test_nothing_goes_further_when_the_window_closes_until_it_opens_again(shop, world):
    workload = shop.given_deployment()
    closes = next_minute_after(20)
    opens = closes + datetime.timedelta(minutes=1)
    local = "%Y-%m-%dT%H:%M"
    shop.given_policy(waves=ONE_WAVE, windows={"deny": [{
        "from": closes.strftime(local), "to": opens.strftime(local), "reason": "maintenance of the network"}]})
    world.telemetry.control(pause=True)  # Without evidence the canary stays out until the window has closed.
    wave = shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary", within=30)
    pause(seconds_until(closes) + 1)
    world.telemetry.control(pause=False)
    wave.holds("WindowClosed")
    until_open = seconds_until(opens)
    with shop.never_runs(workload, GOOD):
        pause(max(0, until_open - 2))
    assert wave.status("hold")["untilTime"].startswith(opens.strftime(local))
    wave.reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)


def test_an_emergency_opens_a_closed_window_for_one_wave_and_is_on_record(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=ONE_WAVE, windows={"deny": [{"from": "2026-01-01T00:00", "to": "2126-01-01T00:00", "reason": "freeze"}]})
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("WindowClosed")
    until = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    shop.when_decided(wave, "Approve", emergency={"untilTime": until, "reason": "CVE-2026-1234"})
    wave.reaches("Succeeded")
    assert wave.status("emergency")["approver"] == "admin" and wave.status("emergency")["untilTime"].startswith(until[:-1])
    shop.then_pods_run(workload, GOOD)
    assert any(event["reason"] == "EmergencyDeclared" for event in shop.api.list("Event", shop.namespace))


def test_a_wave_that_needs_approval_waits_for_it(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=[wave_plan("all", approval="Required")])
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("ApprovalRequired")
    wave.stays(lambda: wave.hold == "ApprovalRequired", 5, "the wave waits")
    assert shop.writes.to(shop.namespace) == []
    shop.when_decided(wave, "Approve")
    wave.reaches("Succeeded")
    assert wave.status("approvedBy") == "admin"
    shop.then_pods_run(workload, GOOD)


def test_an_approval_of_an_outdated_plan_does_not_count(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=[wave_plan("all", approval="Required")])
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("ApprovalRequired")
    shop.when_decided(wave, "Approve", plan_hash="sha256:" + "0" * 64, name="outdated")
    wave.holds("ApprovalOutdated")
    with shop.never_runs(workload, GOOD):
        pause(3)
    shop.when_decided(wave, "Approve")
    wave.reaches("Succeeded")


def test_a_denied_wave_stays_where_it_is(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=[wave_plan("all", approval="Required")])
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("ApprovalRequired")
    shop.when_decided(wave, "Deny")
    wave.holds("ApprovalDenied")
    with shop.never_runs(workload, GOOD):
        pause(3)


def test_an_edited_policy_changes_the_waves_that_have_not_begun_and_no_other(shop):
    workloads = shop.given_shop()
    slow = {"stepBake": "10s"}
    shop.given_policy(waves=[wave_plan("canary", select={"count": 1}, **slow), wave_plan("rest")])
    patch = shop.when_patch_appears(GOOD)
    first, rest = shop.wave(patch, 1).has_target("Canary"), shop.wave(patch, 2)
    begun = first.find()["spec"]
    shop.when_changed("PatchPolicy", "shop", {
        "waves": [wave_plan("canary", select={"count": 1}, bake="2s"), wave_plan("rest", bake="3s")]})
    wait_until(lambda: (rest.find() or {"spec": {}})["spec"].get("bake") == "3s", 30, shop.describe)
    assert first.find()["spec"] == begun
    first.reaches("Succeeded")
    rest.reaches("Succeeded")
    for workload in workloads:
        shop.then_pods_run(workload, GOOD)


@pytest.mark.parametrize("kind", ["deployment", "statefulset", "daemonset"])
def test_deleting_the_policy_mid_wave_leaves_the_workload_whole(shop, kind):
    workload = getattr(shop, f"given_{kind}")()
    shop.given_policy(waves=SLOW_STEP)
    shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary")
    shop.when_deleted("PatchPolicy", "shop")
    wait_until(lambda: shop.waves() == [] or all(
        wave["status"]["phase"] in ("Succeeded", "RolledBack", "Cancelled") for wave in shop.waves()), 120, shop.describe)
    shop.then_no_canary_is_left()
    shop.then_whole(workload)


def test_deleting_a_wave_mid_way_leaves_the_workload_whole(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=SLOW_STEP)
    wave = shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary")
    shop.when_changed("PatchPolicy", "shop", {"suspend": True})
    shop.when_deleted("PatchWave", wave.name)
    shop.then_no_canary_is_left()
    shop.then_pods_run(workload, OLD)
    shop.then_whole(workload)


def test_a_pod_disruption_budget_is_obeyed_and_named(shop):
    workload = shop.given_daemonset()
    shop.given("policy/v1", "PodDisruptionBudget", "agent",
                 spec={"minAvailable": 4, "selector": {"matchLabels": {"app": "agent"}}})
    shop.given_policy(waves=ONE_WAVE)
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("EvictionBlocked")
    assert "agent" in wave.status("hold")["message"]
    with shop.never_runs(workload, GOOD):
        pause(3)
    shop.when_deleted("PodDisruptionBudget", "agent")
    wave.reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)
