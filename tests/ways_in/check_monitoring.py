"""Alerts and dashboard speak of metrics that the operator serves, and the alerts fire when they should."""

import json
import pathlib
import re
import tempfile

import yaml

from rendering import CHART, ROOT, helm, of_kind, run

SUFFIXES = ("_bucket", "_sum", "_count")
# What stands between names and braces in PromQL, and labels that a scrape adds.
SCRAPED = {"namespace", "pod", "instance", "job", "le"}
LEADING = 'leader_election_master_status{namespace="patchwave-system",name="patchwave",pod="a"}'


def groups():
    return of_kind(helm("--set", "prometheusRule.enabled=true"), "PrometheusRule")[0]["spec"]["groups"]


def alerts():
    return {rule["alert"]: rule for group in groups() for rule in group["rules"]}


def dashboard():
    config_map = of_kind(helm("--set", "dashboard.enabled=true"), "ConfigMap", "patchwave-dashboard")[0]
    assert config_map["metadata"]["labels"]["grafana_dashboard"] == "1"
    return json.loads(config_map["data"]["patchwave.json"])


def dashboard_expressions():
    expressions = [target["expr"] for panel in dashboard()["panels"] for target in panel.get("targets", [])]
    assert len(expressions) > 10
    return expressions


def documented():
    """Metrics with their labels, from the page that a unit test holds against what is served."""
    page = (ROOT / "docs" / "reference" / "metrics.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| \w+ \| ([\w, ]*)\|", page, re.MULTILINE)
    return {name: {label.strip() for label in labels.split(",") if label.strip()} for name, labels in rows}


def promtool(verb, *documents):
    """`promtool VERB` over the documents as files; the last one is the one it is given."""
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for index, document in enumerate(documents):
            path = pathlib.Path(folder) / f"{index}.yaml"
            path.write_text(yaml.safe_dump(document))
            paths.append(str(path))
        return run("promtool", *verb.split(), paths[-1])


def check_neither_is_there_unless_asked_for(_):
    documents = helm()
    assert not of_kind(documents, "PrometheusRule") and not of_kind(documents, "ConfigMap", "patchwave-dashboard")


def check_every_expression_can_be_evaluated(_):
    promtool("check rules", {"groups": groups()})
    filled_in = [expression.replace("$__rate_interval", "5m").replace("$__range", "6h")
                 for expression in dashboard_expressions()]
    promtool("check rules", {"groups": [{"name": "dashboard", "rules": [
        {"record": f"panel:{index}", "expr": expression} for index, expression in enumerate(filled_in)]}]})


def check_every_metric_and_label_is_documented(_):
    metrics = documented()
    variables = [each["query"]["query"] for each in dashboard()["templating"]["list"] if each["type"] == "query"]
    for text in [rule["expr"] for rule in alerts().values()] + dashboard_expressions() + variables:
        names = {name for name in re.findall(r"[a-z_]+_[a-z_]+", re.sub(r'"[^"]*"|\[[^]]*\]', "", text))
                 if name.split("_")[0] in {"patchwave", "controller", "workqueue", "rest", "leader", "process"}}
        assert names, text
        known = set(SCRAPED)
        for name in names:
            base = next((name.removesuffix(each) for each in SUFFIXES if name.removesuffix(each) in metrics), name)
            assert base in metrics, f"{name} is not served: {text}"
            known |= metrics[base]
        used = set(re.findall(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"", text))
        used |= {label.strip() for labels in re.findall(r"\b(?:by|on) \(([^)]*)\)", text) for label in labels.split(",")}
        assert used <= known, f"{used - known}: {text}"


def check_every_hold_that_alerts_is_one_that_the_operator_names(_):
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    known = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    for name in ("PatchwaveWaveHeld", "PatchwaveTelemetryUnavailable"):
        reasons = re.search(r'reason=~?"([^"]*)"', alerts()[name]["expr"]).group(1).split("|")
        assert set(reasons) <= known, set(reasons) - known


def fires(name, series, after, expected):
    """Whether the alert fires at that time, with those labels; None: it does not."""
    labels = [] if expected is None else [{"exp_labels": {**alerts()[name]["labels"], **expected},
                                           "exp_annotations": annotations(name, expected)}]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
        yaml.safe_dump({"groups": groups()}, rules)
        rules.flush()
        promtool("test rules", {"rule_files": [rules.name], "evaluation_interval": "1m", "tests": [
            {"interval": "1m", "input_series": [{"series": each, "values": values} for each, values in series.items()],
             "alert_rule_test": [{"eval_time": after, "alertname": name, "exp_alerts": labels}]}]})


def annotations(name, labels):
    filled = {}
    for key, text in alerts()[name]["annotations"].items():
        for label, value in labels.items():
            text = text.replace("{{ $labels.%s }}" % label, value)
        filled[key] = text
    return filled


def check_nobody_leading_is_told_after_five_minutes(_):
    fires("PatchwaveNotLeading", {LEADING: "1x20"}, "10m", None)
    fires("PatchwaveNotLeading", {LEADING: "1 1 0x20"}, "5m", None)
    fires("PatchwaveNotLeading", {LEADING: "1 1 0x20"}, "10m", {})
    fires("PatchwaveNotLeading", {"up": "1x20"}, "10m", {})


def check_a_failed_rollback_is_told_at_once(_):
    wave = 'patchwave_waves{namespace="shop",policy="web",phase="RollbackFailed",pod="%s"}'
    fires("PatchwaveRollbackFailed", {wave % "a": "0x5"}, "3m", None)
    fires("PatchwaveRollbackFailed", {wave % "a": "0 1x5", wave % "b": "0 1x5"}, "1m",
          {"namespace": "shop", "policy": "web"})


def check_a_silent_prometheus_is_told_after_ten_minutes(_):
    hold = 'patchwave_wave_holds{namespace="shop",policy="web",reason="TelemetryUnavailable"}'
    fires("PatchwaveTelemetryUnavailable", {hold: "1x20"}, "9m", None)
    fires("PatchwaveTelemetryUnavailable", {hold: "1x20"}, "10m", {"namespace": "shop", "policy": "web"})


def check_a_wave_held_for_an_hour_is_told_unless_time_or_somebodys_wish_holds_it(_):
    hold = 'patchwave_wave_holds{namespace="shop",policy="web",reason="%s"}'
    fires("PatchwaveWaveHeld", {hold % "FieldConflict": "1x90"}, "59m", None)
    fires("PatchwaveWaveHeld", {hold % "FieldConflict": "1x90"}, "60m",
          {"namespace": "shop", "policy": "web", "reason": "FieldConflict"})
    for patient in ("WindowClosed", "Suspended", "ApprovalRequired", "GatheringEvidence"):
        fires("PatchwaveWaveHeld", {hold % patient: "1x90"}, "60m", None)


def check_a_feed_without_fresh_data_is_told_after_an_hour(_):
    fresh = 'patchwave_feed_fresh{feed="kev",pod="%s"}'
    fires("PatchwaveFeedNotFresh", {fresh % "a": "1x90", fresh % "b": "1x90"}, "80m", None)
    fires("PatchwaveFeedNotFresh", {fresh % "a": "0x90", fresh % "b": "1x90"}, "59m", None)
    fires("PatchwaveFeedNotFresh", {fresh % "a": "0x90", fresh % "b": "1x90"}, "60m", {"feed": "kev"})


def check_an_overdue_patch_is_told_at_once(_):
    overdue = 'patchwave_patches_overdue{namespace="shop",pod="a"}'
    fires("PatchwavePatchOverdue", {overdue: "0x5"}, "3m", None)
    fires("PatchwavePatchOverdue", {overdue: "0 1x5"}, "1m", {"namespace": "shop"})


def check_the_dashboard_file_is_what_the_chart_installs(_):
    assert dashboard() == json.loads((CHART / "files" / "dashboard.json").read_text())
    identities = [panel["id"] for panel in dashboard()["panels"]]
    assert len(identities) == len(set(identities))
