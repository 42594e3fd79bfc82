"""A good patch goes out, a bad one comes back: for each kind of workload and each way to be bad."""

import pytest

from controlplane.processes import wait_until
from shop import (ALERTS_GATE, BAD, COUNTER_GATE, CRASHING, ERRORS_GATE, GOOD, HISTOGRAM_GATE, NEXT, NOISY, OLD, UNPULLABLE,
                  UNREADY, images_of, is_ready, pause, wave_plan)

pytestmark = pytest.mark.usefixtures("operator")
KINDS = ("deployment", "statefulset", "daemonset")
ONE_WAVE = [wave_plan("all")]


def given(shop, kind, **arguments):
    return getattr(shop, f"given_{kind}")(**arguments)


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_patch_reaches_every_pod_by_digest(shop, kind):
    workload = given(shop, kind)
    shop.given_policy(waves=ONE_WAVE)
    patch = shop.when_patch_appears(GOOD)
    shop.wave(patch).reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)
    assert all(image.endswith(f"@{shop.digests[GOOD]}") for pod in shop.pods(*workload) for image in images_of(pod))
    shop.then_no_canary_is_left()
    shop.then_whole(workload)


@pytest.mark.parametrize("kind", KINDS)
def test_a_patch_with_bad_metrics_is_put_back_and_quarantined(shop, kind):
    workload = given(shop, kind)
    before = shop.spec_of(workload)
    shop.given_policy(waves=ONE_WAVE)
    patch = shop.when_patch_appears(BAD)
    shop.wave(patch).reaches("RolledBack")
    shop.then_pods_run(workload, OLD)
    shop.then_quarantined(patch)
    shop.then_no_canary_is_left()
    assert shop.spec_of(workload) == before, "the spec is restored exactly"
    assert shop.wave(patch).status("harm")["gate"] == "errors"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("tag", [UNPULLABLE, CRASHING, UNREADY])
def test_an_image_that_does_not_run_is_put_back(shop, kind, tag):
    workload = given(shop, kind)
    before = shop.spec_of(workload)
    shop.given_policy(waves=ONE_WAVE, gates=[])
    patch = shop.when_patch_appears(tag)
    shop.wave(patch).reaches("RolledBack")
    shop.then_pods_run(workload, OLD)
    shop.then_quarantined(patch)
    assert shop.spec_of(workload) == before, "the spec is restored exactly"


def test_a_patch_goes_to_the_canary_wave_first_and_to_the_rest_after_its_bake(shop):
    workloads = shop.given_shop()
    shop.given_policy()
    patch = shop.when_patch_appears(GOOD)
    first, rest = shop.wave(patch, 1), shop.wave(patch, 2)
    with shop.never(lambda: rest.phase in ("Running", "Baking") and first.phase != "Succeeded",
                    "the rest never starts before the canary wave has succeeded"):
        first.reaches("Succeeded")
        rest.reaches("Succeeded")
    for workload in workloads:
        shop.then_pods_run(workload, GOOD)


def test_a_bad_patch_never_goes_past_its_first_wave(shop):
    shop.given_shop()
    shop.given_policy()
    patch = shop.when_patch_appears(BAD)
    with shop.never(lambda: shop.wave(patch, 2).phase in ("Running", "Baking", "Succeeded"), "wave 2 never starts"):
        shop.wave(patch).reaches("RolledBack")
        shop.then_quarantined(patch)
        target = shop.wave(patch).status("targets")
        assert target is None or len(target) <= 1
    for workload in (("Deployment", "web"), ("StatefulSet", "db"), ("DaemonSet", "agent")):
        shop.then_pods_run(workload, OLD)


def test_capacity_never_falls_while_a_deployment_is_patched_and_put_back(shop):
    workload = shop.given_deployment(replicas=4, terminationGracePeriodSeconds=1)
    shop.given_policy(waves=ONE_WAVE)
    with shop.always_at_least(workload, ready=3):
        patch = shop.when_patch_appears(BAD)
        shop.wave(patch).reaches("RolledBack")
        shop.then_pods_run(workload, OLD)


def test_a_firing_alert_that_was_not_firing_before_is_harm(shop):
    workload = shop.given_deployment(replicas=2)
    shop.given_policy(waves=ONE_WAVE, gates=[ALERTS_GATE])
    patch = shop.when_patch_appears(BAD)
    shop.wave(patch).reaches("RolledBack")
    assert shop.wave(patch).status("harm")["gate"] == "pages"
    shop.then_pods_run(workload, OLD)


def test_every_container_and_init_container_with_the_image_is_patched(shop):
    other = f"{shop.world.registry.host}/{shop.namespace}/other:1"
    workload = shop.given_deployment(
        containers=[{"name": "app"}, {"name": "worker"}, {"name": "proxy", "image": other}],
        init_containers=[{"name": "migrate"}])
    shop.given_policy(waves=ONE_WAVE)
    shop.wave(shop.when_patch_appears(GOOD)).reaches("Succeeded")
    spec = shop.spec_of(workload)["template"]["spec"]
    images = {each["name"]: each["image"] for each in spec["containers"] + spec["initContainers"]}
    patched = {name for name, image in images.items() if image.endswith(shop.digests[GOOD])}
    assert patched == {"app", "worker", "migrate"}
    assert images["proxy"] == other


def test_the_service_reaches_the_canary_copy(shop):
    shop.given_deployment()
    shop.given_service("web")
    shop.given_policy(waves=[wave_plan("all", stepBake="10s")])
    wave = shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary")
    selector = shop.get("Service", "web")["spec"]["selector"]

    def canary_pods():
        pods = shop.api.list("Pod", shop.namespace, "patchwave.dev/track=canary")
        return [pod for pod in pods if is_ready(pod) and
                selector.items() <= pod["metadata"]["labels"].items()]

    wait_until(canary_pods, 20, "a ready canary pod that the Service selects")
    wave.reaches("Succeeded")


def test_observe_mode_says_what_it_would_do_and_writes_to_no_workload(shop):
    workload = shop.given_deployment()
    shop.given_policy(mode="Observe")
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("ObserveOnly")
    wave.stays(lambda: wave.hold == "ObserveOnly", 5, "the wave waits")
    assert shop.writes.to(shop.namespace) == []
    shop.then_pods_run(workload, OLD)


def test_a_suspended_policy_starts_nothing_until_it_goes_on(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=ONE_WAVE, suspend=True)
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("Suspended")
    assert shop.writes.to(shop.namespace) == []
    shop.when_changed("PatchPolicy", "shop", {"suspend": False})
    wave.reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)


def test_a_quarantined_patch_goes_out_again_only_after_the_quarantine_is_lifted(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=ONE_WAVE)
    patch = shop.when_patch_appears(BAD)
    shop.wave(patch).reaches("RolledBack")
    shop.then_quarantined(patch)
    with shop.never_runs(workload, BAD):
        pause(5)
    shop.world.telemetry.control(behaviours=[{"tag": BAD, "errorRatio": 0.0}])
    shop.api.patch("Patch", patch, shop.namespace,
                   {"metadata": {"annotations": {"patchwave.dev/lift-quarantine": shop.digests[BAD]}}})
    shop.then_pods_run(workload, BAD)


def test_a_cancelled_wave_puts_back_what_it_changed(shop):
    workload = shop.given_deployment()
    before = shop.spec_of(workload)
    shop.given_policy(waves=[wave_plan("all", stepBake="30s")])
    patch = shop.when_patch_appears(GOOD)
    wave = shop.wave(patch).has_target("Canary")
    shop.when_changed("PatchWave", wave.name, {"cancel": True})
    wave.reaches("Cancelled")
    shop.then_pods_run(workload, OLD)
    shop.then_no_canary_is_left()
    assert shop.spec_of(workload) == before


def test_a_newer_patch_follows_an_older_one(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=ONE_WAVE)
    shop.wave(shop.when_patch_appears(GOOD)).reaches("Succeeded")
    shop.wave(shop.when_patch_appears(NEXT)).reaches("Succeeded")
    shop.then_pods_run(workload, NEXT)


def test_a_digest_given_in_the_patch_is_the_one_that_runs(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=ONE_WAVE, gates=[ERRORS_GATE])
    shop.wave(shop.when_patch_appears(GOOD, digest=shop.digests[GOOD])).reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_patch_after_a_good_one_goes_back_to_the_good_one(shop, kind):
    workload = given(shop, kind)
    shop.given_policy(waves=ONE_WAVE)
    shop.wave(shop.when_patch_appears(GOOD)).reaches("Succeeded")
    before = shop.spec_of(workload)
    shop.wave(shop.when_patch_appears(BAD)).reaches("RolledBack")
    shop.then_pods_run(workload, GOOD)
    assert shop.spec_of(workload) == before, "the spec is restored exactly"


def given_a_noisy_deployment(shop, *behaviours):
    """One that Prometheus has known for some scrapes: what is not known before a wave is nothing to compare with."""
    shop.world.telemetry.control(behaviours=[*behaviours, {"tag": "*", **NOISY}])
    workload = shop.given_deployment()
    scrapes = f'min(count_over_time(http_requests_total{{namespace="{shop.namespace}"}}[1m]))'
    wait_until(lambda: any(count >= 3 for _, count in shop.world.telemetry.query(scrapes)), 30, "Prometheus knows the pods")
    return workload


@pytest.mark.parametrize("gate", [COUNTER_GATE, HISTOGRAM_GATE], ids=lambda gate: gate["name"])
def test_a_good_patch_among_noise_passes_a_comparison_with_the_old_copies(shop, gate):
    workload = given_a_noisy_deployment(shop)
    shop.given_policy(waves=ONE_WAVE, gates=[gate])
    wave = shop.wave(shop.when_patch_appears(GOOD)).reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)
    evidence = next(each for each in wave.status("gates") if each["name"] == gate["name"])["evidence"]
    assert int(evidence["canary"]["events"]) > 0 and int(evidence["baseline"]["events"]) > 0, evidence


@pytest.mark.parametrize("gate, worse", [(COUNTER_GATE, {"errorRatio": 0.8}), (HISTOGRAM_GATE, {"latencySeconds": 0.3})],
                         ids=["errors", "slow"])
def test_a_patch_that_is_worse_than_the_noise_is_put_back(shop, gate, worse):
    workload = given_a_noisy_deployment(shop, {"tag": BAD, **NOISY, **worse})
    shop.given_policy(waves=ONE_WAVE, gates=[gate])
    patch = shop.when_patch_appears(BAD)
    wave = shop.wave(patch).reaches("RolledBack")
    shop.then_pods_run(workload, OLD)
    shop.then_quarantined(patch)
    assert wave.status("harm")["gate"] == gate["name"]
