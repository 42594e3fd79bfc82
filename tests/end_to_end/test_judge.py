"""kubectl patchwave judge --from-prometheus, against a real Prometheus over real connections."""

import json
import subprocess

import pytest

from controlplane.operator_process import program
from recorded_prometheus import PASSWORD, USER

GATE = """name: errors
counter: {events: 'http_requests_total{code=~"5.."}', exposure: http_requests_total}
"""


@pytest.fixture
def gate(tmp_path):
    path = tmp_path / "gate.yaml"
    path.write_text(GATE)
    return path


def judge(gate, url, *words, namespace="shop", since="1h"):
    return subprocess.run(
        [program("kubectl-patchwave"), "judge", f"--gate={gate}", f"--from-prometheus={url}", "--canary=web-7d9c8b5f4d-.*",
         "--baseline=web-.*", f"--since={since}", f"--namespace={namespace}", "--output=json", *words],
        capture_output=True, text=True, timeout=60, check=False)


def verdict_of(answer):
    assert answer.returncode == 0, answer.stderr
    assert not answer.stderr
    return json.loads(answer.stdout)


def test_harm_is_found_in_what_prometheus_has_and_where_there_is_none_it_passes(gate, recorded_prometheus):
    change = str(recorded_prometheus.change)
    harm = verdict_of(judge(gate, recorded_prometheus.url, since=change))
    assert harm["verdict"] == "Harm"
    assert harm["canary"]["events"] > 0
    well = verdict_of(judge(gate, recorded_prometheus.url, namespace="blog", since=change))
    assert well["verdict"] == "Pass"
    assert 23_000 < well["canary"]["exposure"] <= 24_000, "the first of the new pod too, and nothing twice"


def test_the_verdict_is_the_same_however_late_it_is_asked_for(gate, recorded_prometheus):
    change = recorded_prometheus.change
    until = [f"--until={change + 900}"]
    first = verdict_of(judge(gate, recorded_prometheus.url, *until, namespace="blog", since=str(change)))
    later = verdict_of(judge(gate, recorded_prometheus.url, *until, namespace="blog", since=str(change)))
    whole = verdict_of(judge(gate, recorded_prometheus.url, namespace="blog", since=str(change)))
    assert first == later
    assert first["verdict"] != "Pass" or first["decidedAt"] == whole["decidedAt"]


def test_a_secured_prometheus_is_asked_over_tls_with_the_password(gate, recorded_prometheus, tmp_path):
    password = tmp_path / "password"
    password.write_text(f"{PASSWORD}\n")
    access = [f"--prometheus-ca-file={recorded_prometheus.ca_file}", f"--prometheus-username={USER}",
              f"--prometheus-password-file={password}"]
    url, since = recorded_prometheus.secured_url, str(recorded_prometheus.change)
    assert verdict_of(judge(gate, url, *access, since=since))["verdict"] == "Harm"

    unknown = judge(gate, url, *access[1:], since=since)
    assert unknown.returncode == 1, "its certificate is from nobody whom this machine knows"
    assert "certificate" in unknown.stderr and not unknown.stdout

    password.write_text("another")
    refused = judge(gate, url, *access, since=since)
    assert refused.returncode == 1
    assert "401" in refused.stderr and "another" not in refused.stderr and not refused.stdout


def test_a_prometheus_that_is_not_there_gives_no_verdict(gate):
    answer = judge(gate, "http://127.0.0.1:1")
    assert answer.returncode == 1
    assert "Prometheus" in answer.stderr and not answer.stdout
