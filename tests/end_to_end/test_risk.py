"""Patches become ranked, with a deadline and its reasons, from feeds and from what is seen of the workloads."""

import os
import subprocess
import time
import urllib.request
from datetime import datetime, timedelta

import pytest

from controlplane.operator_process import program
from controlplane.processes import wait_until
from feed_server import FeedServer, epss, kev, today
from shop import GOOD, NEXT

MODERATE, LIKELY, ELSEWHERE = "CVE-2025-10001", "CVE-2025-10002", "CVE-2025-10003"
NOT_IN_KEV = f"not in KEV (kev {today().replace('-', '.')})"
SCORES = {MODERATE: (0.0004, 0.12), LIKELY: (0.62, 0.985)}
# What is read has to be acted upon within this.
LATENCY_SECONDS = 5


@pytest.fixture
def feeds():
    server = FeedServer()
    server.files = {"/epss.csv.gz": epss(SCORES), "/kev.json": kev(ELSEWHERE)}
    yield server
    server.close()


@pytest.fixture
def risk_operator(operator, feeds):
    """The operator with EPSS from a server and KEV from the same; a test may replace either."""
    operator.stop()
    operator.start(feeds=[{"kind": "epss", "url": feeds.url + "/epss.csv.gz", "interval": "1s"},
                          {"kind": "kev", "url": feeds.url + "/kev.json", "interval": "1s"}])
    yield operator
    operator.stop()


def when_patch_appears(shop, name, *fixes, tag=GOOD):
    shop.given("patchwave.dev/v1alpha1", "Patch", name, spec={
        "subject": {"image": shop.reference}, "to": {"tag": tag}, "fixes": list(fixes)})


def status_of(shop, name):
    return shop.get("Patch", name).get("status") or {}


def then_class(shop, name, deadline_class, within=20):
    return wait_until(
        lambda: (lambda status: status if status.get("risk", {}).get("deadlineClass") == deadline_class else None)(
            status_of(shop, name)), within, lambda: f"{name} is of class {deadline_class}\n{shop.describe()}")


def said_of(shop, name):
    """But for the rank, which patches of other tests have a part in."""
    status = status_of(shop, name)
    return {**status["risk"], "rank": 0}, status["deadline"]


def version_once_first(shop, name):
    patch = shop.get("Patch", name)
    return patch["metadata"]["resourceVersion"] if patch["status"]["risk"]["rank"] == 1 else None


def factor(status, name):
    return next(each["source"] for each in status["risk"]["factors"] if each["name"] == name)


def condition(shop, name):
    return next((each for each in status_of(shop, name).get("conditions", []) if each["type"] == "RiskAssessed"), {})


def after(start, **span):
    return (datetime.fromisoformat(start.replace("Z", "+00:00")) + timedelta(**span)).strftime("%Y-%m-%dT%H:%M:%SZ")


def metrics(operator):
    with urllib.request.urlopen(f"http://127.0.0.1:{operator.metrics_port}/metrics", timeout=5) as response:
        return response.read().decode()


def kubectl(shop, *arguments, name="kubectl"):
    binaries = shop.world.cluster.described["binaries"]
    environment = {**os.environ, "KUBECONFIG": str(shop.world.cluster.admin_kubeconfig),
                   "PATH": f"{program().parent}:{binaries}:{os.environ['PATH']}"}
    done = subprocess.run([name, *arguments, "--namespace", shop.namespace], env=environment, capture_output=True,
                          text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.usefixtures("risk_operator")
def test_patches_are_ranked_with_deadline_and_evidence(shop):
    shop.given_deployment(replicas=1)
    shop.given("v1", "Service", "web", spec={"selector": {"app": "web"}, "ports": [{"port": 80}]})
    shop.given("networking.k8s.io/v1", "Ingress", "front", spec={"rules": [{"host": "shop.example.com", "http": {
        "paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "web", "port": {"number": 80}}}}]}}]})
    when_patch_appears(shop, "moderate", MODERATE)
    when_patch_appears(shop, "likely", LIKELY, tag=NEXT)
    moderate, likely = then_class(shop, "moderate", "60 days"), then_class(shop, "likely", "60 days")
    wait_until(lambda: 0 < status_of(shop, "likely")["risk"]["rank"] < status_of(shop, "moderate")["risk"]["rank"], 10,
               shop.describe)
    created = shop.get("Patch", "likely")["metadata"]["creationTimestamp"]
    assert likely["deadline"] == after(created, days=60)
    assert "Ingress " in factor(moderate, "exposure") and "shop.example.com" in factor(moderate, "exposure")
    assert f"EPSS v4 0.0004 of {today()}" in factor(moderate, "epss")
    assert factor(moderate, "knownExploited") == NOT_IN_KEV
    rows = kubectl(shop, "get", "patches", "--sort-by=.status.risk.rank").splitlines()
    assert ["RANK", "CLASS", "DEADLINE"] == [word for word in rows[0].split() if word in ("RANK", "CLASS", "DEADLINE")]
    assert rows[1].startswith("likely") and likely["deadline"] in rows[1]
    told = kubectl(shop, "explain", "patch/moderate", name="kubectl-patchwave")
    assert "60 days: due " in told and NOT_IN_KEV in told and "if not exposed" in told


@pytest.mark.usefixtures("risk_operator")
def test_a_kev_addition_lifts_a_moderate_vulnerability_to_the_front_and_shortens_its_deadline(shop, feeds):
    shop.given_deployment(replicas=1)
    shop.given("v1", "Service", "web", spec={"type": "LoadBalancer", "selector": {"app": "web"}, "ports": [{"port": 80}]})
    when_patch_appears(shop, "moderate", MODERATE)
    when_patch_appears(shop, "likely", LIKELY, tag=NEXT)
    before = then_class(shop, "moderate", "60 days")
    then_class(shop, "likely", "60 days")
    sent = len(feeds.sent)
    feeds.files["/kev.json"] = kev(ELSEWHERE, MODERATE)
    wait_until(lambda: len(feeds.sent) > sent, 10, "the feed is read")
    read = time.monotonic()
    lifted = then_class(shop, "moderate", "14 days", within=LATENCY_SECONDS)
    print(f"{time.monotonic() - read:.2f} s from the feed being read to the new deadline")
    assert lifted["deadline"] < before["deadline"]
    assert lifted["deadline"] == after(shop.get("Patch", "moderate")["metadata"]["creationTimestamp"], days=14)
    assert f"known exploited since {today()}" in lifted["risk"]["reason"]
    wait_until(lambda: status_of(shop, "moderate")["risk"]["rank"] < status_of(shop, "likely")["risk"]["rank"], 5,
               shop.describe)
    wait_until(lambda: [event for event in shop.api.list("Event", shop.namespace)
                        if event["reason"] == "DeadlineChanged" and event["type"] == "Warning"
                        and "60 days" in event["note"] and "→ 14 days" in event["note"]], 10, shop.describe)


def test_a_corrupt_feed_changes_nothing_but_its_condition_and_its_metric(shop, feeds, risk_operator):
    shop.given_deployment(replicas=1)
    feeds.files["/kev.json"] = kev(MODERATE)
    when_patch_appears(shop, "moderate", MODERATE)
    then_class(shop, "moderate", "14 days")
    wait_until(lambda: condition(shop, "moderate").get("reason") == "Assessed", 10, shop.describe)
    good = said_of(shop, "moderate")
    for corrupt in (b"<html>504 Gateway Timeout</html>", kev()[:40], kev(), None):
        if corrupt is None:
            feeds.files.pop("/kev.json")
        else:
            feeds.files["/kev.json"] = corrupt
        wait_until(lambda: condition(shop, "moderate").get("reason") == "FeedBroken", 20, shop.describe)
        assert "its last good reading counts" in condition(shop, "moderate")["message"]
        assert said_of(shop, "moderate") == good
        text = metrics(risk_operator)
        assert 'patchwave_feed_up{feed="kev"} 0' in text and 'patchwave_feed_records{feed="kev"} 1' in text
        feeds.files["/kev.json"] = kev(MODERATE)
        wait_until(lambda: condition(shop, "moderate").get("reason") == "Assessed", 40, shop.describe)
    assert 'patchwave_feed_up{feed="kev"} 1' in metrics(risk_operator)
    assert 'patchwave_feed_up{feed="epss"} 1' in metrics(risk_operator)


def test_a_deadline_outlives_a_restart_without_its_feed(shop, feeds, risk_operator, operator):
    shop.given_deployment(replicas=1)
    feeds.files["/kev.json"] = kev(MODERATE)
    when_patch_appears(shop, "moderate", MODERATE)
    good = then_class(shop, "moderate", "14 days")
    feeds.files.pop("/kev.json")
    operator.stop()
    operator.start(feeds=[{"kind": "epss", "url": feeds.url + "/epss.csv.gz", "interval": "1s"},
                          {"kind": "kev", "url": feeds.url + "/kev.json", "interval": "1s"}])
    wait_until(lambda: condition(shop, "moderate").get("reason") == "FeedAbsent", 20, shop.describe)
    now = status_of(shop, "moderate")
    assert now["risk"]["deadlineClass"] == "14 days" and now["deadline"] == good["deadline"]
    assert "what was assessed before stays" in condition(shop, "moderate")["message"]


def test_behind_an_air_gap_a_feed_is_a_file_and_a_label_says_what_a_workload_is_worth(shop, operator, tmp_path):
    path = tmp_path / "kev.json"
    path.write_bytes(kev(ELSEWHERE))
    operator.stop()
    operator.start(feeds=[{"kind": "kev", "file": str(path), "interval": "1s"}])
    try:
        shop.given_deployment(replicas=1)
        when_patch_appears(shop, "moderate", MODERATE)
        then_class(shop, "moderate", "fix on system upgrade")
        shop.api.patch("Deployment", "web", shop.namespace, {"metadata": {
            "labels": {"patchwave.dev/criticality": "very-high"}, "annotations": {"patchwave.dev/exposure": "open"}}})
        raised = then_class(shop, "moderate", "60 days")
        assert "criticality very high" in factor(raised, "impact")
        assert "label patchwave.dev/criticality of the workload" in factor(raised, "impact")
        path.write_bytes(kev(ELSEWHERE, MODERATE))
        then_class(shop, "moderate", "14 days")
        assert "patchwave_findings_open{deadline_class=\"14 days\"} " in metrics(operator)
        nearest = [line for line in metrics(operator).splitlines()
                   if line.startswith(f'patchwave_deadline_seconds{{namespace="{shop.namespace}"}}')]
        seconds = float(nearest[0].split()[-1])
        assert 13 * 86400 < seconds <= 14 * 86400
        assert f'patchwave_patches_overdue{{namespace="{shop.namespace}"}} 0' in metrics(operator)
    finally:
        operator.stop()


@pytest.mark.usefixtures("risk_operator")
def test_statuses_are_written_only_when_they_say_something_new(shop, feeds):
    shop.given_deployment(replicas=1)
    when_patch_appears(shop, "moderate", MODERATE)
    then_class(shop, "moderate", "fix on system upgrade")
    wait_until(lambda: status_of(shop, "moderate").get("digest"), 30, shop.describe)
    wait_until(lambda: condition(shop, "moderate").get("reason") == "Assessed", 10, shop.describe)
    wait_until(lambda: len(shop.api.list("Patch")) == 1, 30, "patches of other tests are gone")
    before = wait_until(lambda: version_once_first(shop, "moderate"), 10, shop.describe)
    asked = len(feeds.asked)
    wait_until(lambda: len(feeds.asked) >= asked + 8, 20, "both feeds are read four times more")
    assert shop.get("Patch", "moderate")["metadata"]["resourceVersion"] == before
