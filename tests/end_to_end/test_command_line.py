"""kubectl-patchwave against the real API server, as a person uses it."""

import json
import subprocess

import pytest

from controlplane.operator_process import program
from shop import BAD, GOOD, wave_plan

pytestmark = pytest.mark.usefixtures("operator")


def patchwave(shop, *words, check=True):
    answer = subprocess.run(
        [program("kubectl-patchwave"), *words, f"--kubeconfig={shop.world.cluster.admin_kubeconfig}",
         f"--namespace={shop.namespace}"], capture_output=True, text=True, timeout=30, check=False)
    assert not check or answer.returncode == 0, answer.stderr
    return answer


def test_status_and_explain_say_what_a_wave_waits_for_and_approve_ends_it(shop):
    shop.given_deployment()
    shop.given_policy(waves=[wave_plan("all", approval="Required")])
    wave = shop.wave(shop.when_patch_appears(GOOD)).holds("ApprovalRequired")
    assert "ApprovalRequired" in patchwave(shop, "status").stdout
    assert "ApprovalRequired" in patchwave(shop, "explain", f"wave/{wave.name}").stdout
    patchwave(shop, "approve", wave.name, "--yes")
    wave.reaches("Succeeded")
    shown = json.loads(patchwave(shop, "get", "wave", wave.name, "-o", "json").stdout)
    assert shown["status"]["phase"] == "Succeeded"


def test_quarantine_list_and_lift(shop):
    workload = shop.given_deployment()
    shop.given_policy(waves=[wave_plan("all")])
    patch = shop.when_patch_appears(BAD)
    shop.wave(patch).reaches("RolledBack")
    shop.then_quarantined(patch)
    assert patch in patchwave(shop, "quarantine", "list").stdout
    shop.world.telemetry.control(behaviours=[{"tag": BAD, "errorRatio": 0.0}])
    patchwave(shop, "quarantine", "lift", patch, "--yes")
    shop.then_pods_run(workload, BAD)


def test_cancel_puts_the_wave_back(shop):
    shop.given_deployment()
    shop.given_policy(waves=[wave_plan("all", stepBake="30s")])
    wave = shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary")
    patchwave(shop, "cancel", wave.name, "--yes")
    wave.reaches("Cancelled")
    shop.then_no_canary_is_left()


def test_a_wave_that_is_not_there_is_an_error_with_an_exit_code(shop):
    answer = patchwave(shop, "get", "wave", "nothing-like-it", check=False)
    assert answer.returncode != 0
    assert "nothing-like-it" in answer.stderr
