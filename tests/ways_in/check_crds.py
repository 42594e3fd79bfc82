"""The CRDs on a real API server: defaults, bounds and rules, with the words that people get to read."""

import json

from rendering import ROOT, install

import yaml

SPACE = "crds"
KINDS = {"PatchPolicy": "patchpolicies", "Patch": "patches", "PatchWave": "patchwaves",
         "PatchApproval": "patchapprovals", "NodeRecipe": "noderecipes"}
HASH = "sha256:" + "c" * 64
MERGE_PATCH = "application/merge-patch+json"
APPLY_ANNOTATION_LIMIT = 200 * 1024


def policy():
    return {"targets": {"workloads": {"images": ["registry.example.com/storefront/*"]}},
            "waves": [{"name": "canary", "select": {"percent": 5}}, {"name": "rest"}]}


def patch():
    return {"subject": {"image": "registry.example.com/web"}, "to": {"tag": "1.4.3"}}


def wave():
    return {"patchRef": {"name": "web-1.4.3"}, "policyRef": {"name": "storefront"},
            "targets": [{"kind": "Deployment", "namespace": "shop", "name": "web", "containers": ["web"]}]}


def approval():
    return {"waveRef": {"name": "web"}, "approver": "admin", "planHash": HASH, "decision": "Approve"}


def where(kind, name=""):
    return f"/apis/patchwave.dev/v1alpha1/namespaces/{SPACE}/{KINDS[kind]}" + (f"/{name}" if name else "")


def create(cluster, kind, spec, name="example", dry_run=True):
    install(cluster)
    cluster.create_namespace(SPACE)
    suffix = "?fieldValidation=Strict" + ("&dryRun=All" if dry_run else "")
    return cluster.request("POST", where(kind) + suffix,
                           {"apiVersion": "patchwave.dev/v1alpha1", "kind": kind,
                            "metadata": {"name": name, "namespace": SPACE}, "spec": spec})


def accepts(cluster, kind, spec, name="example"):
    answer = create(cluster, kind, spec, name)
    assert answer.ok, f"{json.dumps(spec)}: {answer.message}"
    return answer.object["spec"]


def refuses(cluster, kind, spec, *words):
    answer = create(cluster, kind, spec)
    assert answer.status in (400, 422), f"{answer.status}: {json.dumps(spec)} {answer.message}"
    for word in words:
        assert word in answer.message, f"'{word}' is not in: {answer.message}"


def with_(base, path, value):
    """The object with the field at the dotted path set; numbers are indices, None removes."""
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    at = base
    for part in way:
        at = at.setdefault(part, {}) if isinstance(part, str) else at[part]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return base


def check_minimal_objects_are_accepted_and_defaults_filled_in(cluster):
    stored = accepts(cluster, "PatchPolicy", policy())
    assert stored["mode"] == "Approve" and stored["onUndecided"] == {"after": "6h", "do": "Hold"}, stored
    assert stored["waves"][1]["steps"] == ["1", "100%"] and stored["disruption"] == {"maxUnavailable": 1}, stored
    stored = accepts(cluster, "PatchPolicy", {**policy(), "updates": {"tags": r"\d+\.\d+"}})
    assert stored["updates"] == {"semver": "Patch", "minimumAge": "24h", "tags": r"\d+\.\d+"}, stored
    stored = accepts(cluster, "PatchWave", wave())
    assert stored["mode"] == "Automatic" and stored["cancel"] is False and stored["bake"] == "15m", stored
    accepts(cluster, "Patch", patch())
    accepts(cluster, "PatchApproval", approval())


def check_a_policy_refuses_what_it_can_not_mean(cluster):
    gate = {"name": "errors", "threshold": {"query": "up", "below": "1"}}
    deny = {"from": "2026-12-20T00:00", "to": "2027-01-03T00:00"}
    cases = [
        ("mode", "Auto", ["spec.mode", "Unsupported value"]),
        ("waves", [], ["spec.waves", "at least 1"]),
        ("waves.0.select", None, ["spec.waves", "`select` must be set in every wave but the last"]),
        ("waves.0.select", {"count": 1, "percent": 5},
         ["spec.waves[0].select", "exactly one of `count` and `percent`"]),
        ("waves.0.select.percent", 101, ["spec.waves[0].select.percent", "less than or equal to 100"]),
        ("waves.0.select.percent", 0, ["spec.waves[0].select.percent", "greater than or equal to 1"]),
        ("waves.1.name", "canary", ["spec.waves[1]", "Duplicate value"]),
        ("waves.1.steps", ["1"], ["spec.waves[1].steps", "the last step must be '100%'"]),
        ("waves.1.steps", ["50%", "25%", "100%"], ["spec.waves[1].steps", "must ascend"]),
        ("waves.1.steps", ["10", "9", "100%"], ["spec.waves[1].steps", "must ascend"]),
        ("waves.1.steps", ["2", "2", "100%"], ["spec.waves[1].steps", "must ascend"]),
        ("waves.1.steps", ["0", "100%"], ["spec.waves[1].steps[0]"]),
        ("waves.1.steps", ["1.5", "100%"], ["spec.waves[1].steps[0]"]),
        ("waves.1.maxUnavailable", 0, ["spec.waves[1].maxUnavailable"]),
        ("waves.1.maxUnavailable", "101%", ["spec.waves[1].maxUnavailable"]),
        ("waves.1.bake", "1d", ["spec.waves[1].bake"]),
        ("waves.1.bake", "1.5h", ["spec.waves[1].bake"]),
        ("waves.1.bake", "169h", ["spec.waves[1].bake", "at most '168h'"]),
        ("waves.1.progressDeadline", "0s", ["spec.waves[1].progressDeadline", "at least '1s'"]),
        ("waves.1.approval", "Maybe", ["spec.waves[1].approval"]),
        ("targets.workloads.images", [], ["spec.targets.workloads.images"]),
        ("targets.workloads.images", ["a b"], ["spec.targets.workloads.images[0]"]),
        ("targets.workloads.selector", {"matchExpressions": [{"key": "a", "operator": "In"}]},
         ["spec.targets.workloads.selector.matchExpressions[0]", "`values` must be set"]),
        ("targets.workloads.selector", {"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]},
         ["`values` must be set"]),
        ("gates", [{"name": "none"}], ["spec.gates[0]", "exactly one of `threshold`, `alerts`, `counter`"]),
        ("gates", [{**gate, "alerts": {"match": "a=\"b\""}}], ["exactly one of `threshold`, `alerts`, `counter`"]),
        ("gates", [{**gate, "alpha": "0.01"}], ["spec.gates[0].alpha", "only beside `counter`"]),
        ("gates", [{"name": "a", "gauge": {"metric": "memory"}, "tolerate": "1.0"}],
         ["spec.gates[0].tolerate", "above '1'"]),
        ("gates", [{"name": "a", "gauge": {"metric": "memory"}, "alpha": "0.0"}],
         ["spec.gates[0].alpha", "above '0'"]),
        ("gates", [{"name": "a", "gauge": {"metric": "rate(memory[1m])"}}], ["spec.gates[0].gauge.metric"]),
        ("gates", [{"name": "a", "counter": {"events": "failed"}}], ["spec.gates[0].counter.exposure"]),
        ("gates", [{"name": "a", "histogram": {"metric": "seconds", "slowerThan": "0s"}}],
         ["spec.gates[0].histogram.slowerThan", "at least '1ms'"]),
        ("gates", [gate, gate], ["spec.gates[1]", "Duplicate value"]),
        ("gates", [{"name": "a", "threshold": {"query": "up"}}], ["exactly one of `below` and `above`"]),
        ("gates", [{"name": "a", "threshold": {"query": "up", "below": "1", "above": "0"}}],
         ["spec.gates[0].threshold", "exactly one of `below` and `above`"]),
        ("gates", [{"name": "a", "threshold": {"query": "up", "below": "1e3"}}], ["spec.gates[0].threshold.below"]),
        ("windows.allow", [{"schedule": "0 2 * *", "duration": "1h"}], ["spec.windows.allow[0].schedule"]),
        ("windows.allow", [{"schedule": "@daily", "duration": "1h"}], ["spec.windows.allow[0].schedule"]),
        ("windows.allow", [{"schedule": "0 2 * * SAT", "duration": "30s"}], ["at least '1m'"]),
        ("windows.allow", [{"schedule": "0 2 * * SAT", "duration": "1h", "timeZone": "Mars/Base"}],
         ["spec.windows.allow[0].timeZone", "Mars/Base"]),
        ("windows.allow", [{"schedule": "0 2 * * SAT", "duration": "1h", "timeZone": "Local"}], ["IANA time zone"]),
        ("windows.deny", [{**deny, "to": "2026-12-20T00:00"}], ["spec.windows.deny[0]", "`from` must be before `to`"]),
        ("windows.deny", [{**deny, "from": "2026-02-30T00:00"}], ["spec.windows.deny[0]"]),
        ("windows.deny", [{**deny, "from": "2026-13-01T00:00"}], ["spec.windows.deny[0].from"]),
        ("updates", {"semver": "Major"}, ["spec.updates.semver", "Unsupported value"]),
        ("updates", {"minimumAge": "3d"}, ["spec.updates.minimumAge"]),
        ("updates", {"minimumAge": "8761h"}, ["spec.updates.minimumAge", "at most '8760h'"]),
        ("updates", {"interval": "30s"}, ["spec.updates.interval", "at least '1m'"]),
        ("updates", {"tags": "1.(4"}, ["spec.updates.tags", "missing closing )"]),
        ("onHarm", "Ignore", ["spec.onHarm"]),
        ("onUndecided.do", "Guess", ["spec.onUndecided.do"]),
        ("history.failed", 101, ["spec.history.failed"]),
        ("colour", "blue", ["unknown field", "spec.colour"]),
    ]
    for path, value, words in cases:
        refuses(cluster, "PatchPolicy", with_(policy(), path, value), *words)


def check_a_policy_with_everything_is_accepted(cluster):
    for name in ("patchpolicy", "patchpolicy_minimal"):
        sample = yaml.safe_load((ROOT / f"config/samples/patchwave_v1alpha1_{name}.yaml").read_text())
        accepts(cluster, "PatchPolicy", sample["spec"])


def check_a_patch_refuses_what_it_can_not_mean(cluster):
    for image in ("nginx:1.2", "nginx@" + HASH, "https://a/b", "a//b", "A/B/c:1", ""):
        refuses(cluster, "Patch", with_(patch(), "subject.image", image), "spec.subject.image")
    refuses(cluster, "Patch", with_(patch(), "to", {}), "`tag`, `digest` or both must be set")
    refuses(cluster, "Patch", with_(patch(), "to.digest", "sha256:1"), "spec.to.digest")
    refuses(cluster, "Patch", with_(patch(), "fixes", ["CVE-1", "CVE-1"]), "spec.fixes[1]", "Duplicate value")


def check_a_wave_refuses_what_it_can_not_mean(cluster):
    target = wave()["targets"][0]
    refuses(cluster, "PatchWave", with_(wave(), "targets", []), "spec.targets")
    refuses(cluster, "PatchWave", with_(wave(), "targets", [target, {**target, "containers": ["b"]}]),
            "spec.targets[1]", "Duplicate value")
    refuses(cluster, "PatchWave", with_(wave(), "targets.0.kind", "Pod"), "spec.targets[0].kind")
    refuses(cluster, "PatchWave", with_(wave(), "targets.0.containers", []), "spec.targets[0].containers")
    refuses(cluster, "PatchWave", with_(wave(), "targets.0.containers", None), "spec.targets[0].containers")
    refuses(cluster, "PatchWave", with_(wave(), "patchRef.name", "../x"), "spec.patchRef.name")
    refuses(cluster, "PatchWave", with_(wave(), "after", ["example"]), "spec.after", "must not name the wave itself")


def check_a_wave_takes_as_many_targets_as_a_plan_gives_it(cluster):
    target = wave()["targets"][0]
    many = [{**target, "name": f"web-{number}"} for number in range(500)]
    accepts(cluster, "PatchWave", with_(wave(), "targets", many))
    refuses(cluster, "PatchWave", with_(wave(), "targets", [*many, target]), "spec.targets", "at most 500")


def changed(cluster, kind, change):
    return cluster.request("PATCH", where(kind, "example") + "?dryRun=All", {"spec": change}, content_type=MERGE_PATCH)


def check_a_wave_does_not_change_but_for_suspend_and_cancel(cluster):
    spec = {**wave(), "gates": [{"name": "a", "alerts": {"match": "a=\"b\""}}], "after": ["first"]}
    assert create(cluster, "PatchWave", spec, dry_run=False).ok
    for change in ({"patchRef": {"name": "other"}}, {"policyRef": {"name": "other"}}, {"policyRef": None},
                   {"order": 2}, {"mode": "Observe"}, {"targets": [{**wave()["targets"][0], "name": "db"}]},
                   {"steps": ["100%"]}, {"maxUnavailable": 9}, {"stepBake": "0s"}, {"bake": "0s"},
                   {"progressDeadline": "1h"}, {"windows": {"allow": [{"schedule": "* * * * *", "duration": "1h"}]}},
                   {"gates": None}, {"gates": []}, {"onHarm": "Freeze"}, {"onUndecided": {"do": "Advance"}},
                   {"approval": "Required"}, {"after": None}, {"after": ["second"]}):
        answer = changed(cluster, "PatchWave", change)
        assert answer.status == 422 and "must not change" in answer.message, f"{change}: {answer.message}"
        assert f"spec.{next(iter(change))}" in answer.message, answer.message
    for change in ({"suspend": True}, {"suspend": False}, {"cancel": True}):
        answer = changed(cluster, "PatchWave", change)
        assert answer.ok, answer.message


def check_a_cancelled_wave_stays_cancelled(cluster):
    create(cluster, "PatchWave", wave(), dry_run=False)
    cluster.request("PATCH", where("PatchWave", "example"), {"spec": {"cancel": True}}, content_type=MERGE_PATCH)
    for value in (False, None):
        answer = changed(cluster, "PatchWave", {"cancel": value})
        assert answer.status == 422 and "a cancelled wave stays cancelled" in answer.message, answer.message


def check_a_patch_keeps_its_subject_and_version(cluster):
    create(cluster, "Patch", patch(), dry_run=False)
    for change in ({"to": {"tag": "1.4.4"}}, {"to": {"digest": HASH}}, {"subject": {"image": "other"}}):
        answer = changed(cluster, "Patch", change)
        assert answer.status == 422 and "must not change" in answer.message, answer.message
    assert changed(cluster, "Patch", {"fixes": ["CVE-2026-1234"]}).ok


def check_an_approval_does_not_change(cluster):
    answer = create(cluster, "PatchApproval", approval(), dry_run=False)
    assert answer.ok, answer.message
    for change in ({"decision": "Deny"}, {"reason": "afterwards"}, {"planHash": "sha256:" + "d" * 64}):
        answer = changed(cluster, "PatchApproval", change)
        assert answer.status == 422 and "must not change" in answer.message, answer.message


def check_fields_that_select_can_be_asked_for(cluster):
    create(cluster, "PatchWave", wave(), dry_run=False)
    found = cluster.kubectl("get", "pw", "-n", SPACE, "--field-selector=spec.patchRef.name=web-1.4.3", "-o", "name")
    assert found.stdout.strip() == "patchwave.patchwave.dev/example", found.stdout + found.stderr
    found = cluster.kubectl("get", "pw", "-n", SPACE, "--field-selector=status.phase=Waiting", "-o", "name")
    assert found.returncode == 0 and not found.stdout, found.stdout + found.stderr


def check_columns_say_what_waits_and_until_when(cluster):
    create(cluster, "PatchWave", wave(), dry_run=False)
    status = {"phase": "Waiting", "progressText": "0/1", "hold": {"reason": "WindowClosed",
                                                                  "untilTime": "2026-11-28T01:00:00Z"}}
    answer = cluster.request("PATCH", where("PatchWave", "example") + "/status", {"status": status},
                             content_type=MERGE_PATCH)
    assert answer.ok, answer.message
    shown = cluster.kubectl("get", "pw", "example", "-n", SPACE).stdout.splitlines()
    assert shown[0].split() == ["NAME", "PATCH", "STATUS", "PROGRESS", "HOLD", "UNTIL", "AGE"], shown[0]
    assert shown[1].split()[1:6] == ["web-1.4.3", "Waiting", "0/1", "WindowClosed", "2026-11-28T01:00:00Z"], shown[1]
    assert cluster.kubectl("get", "pp,patch,pw,pwa", "-A").returncode == 0


def check_every_field_is_explained(cluster):
    def walk(schema, path):
        for name, field in schema.get("properties", {}).items():
            assert path == "" and name == "metadata" or field.get("description"), f"{path}.{name} has no description"
            walk(field, f"{path}.{name}")
            walk(field.get("items", {}), f"{path}.{name}")

    for plural in KINDS.values():
        definition = yaml.safe_load((ROOT / f"crds/patchwave.dev_{plural}.yaml").read_text())
        walk(definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"], "")
    install(cluster)
    explained = cluster.kubectl("explain", "pw.spec.steps").stdout
    assert "The last must be '100%'." in " ".join(explained.split()), explained


def check_each_definition_is_small_enough_for_a_plain_apply(cluster):
    for plural in KINDS.values():
        definition = yaml.safe_load((ROOT / f"crds/patchwave.dev_{plural}.yaml").read_text())
        assert len(json.dumps(definition)) < APPLY_ANNOTATION_LIMIT, plural


def wave_of_nodes():
    return {"patchRef": {"name": "os"}, "nodes": {"pool": "workers", "recipeRef": {"name": "debian"}, "names": ["n1", "n2"]}}


def recipe():
    return {"image": "registry.example.com/tools/node-shell@sha256:" + "c" * 64, "patch": {"command": ["/patch"]}}


def check_a_wave_is_of_workloads_or_of_nodes(cluster):
    made = accepts(cluster, "PatchWave", wave_of_nodes(), "nodes")
    assert made["nodes"]["reboot"] == "IfNeeded" and made["nodes"]["drain"]["barePods"] == "Refuse"
    refuses(cluster, "PatchWave", {**wave(), **wave_of_nodes()}, "`targets` or `nodes` must be set, and not both")
    refuses(cluster, "PatchWave", {"patchRef": {"name": "os"}}, "`targets` or `nodes` must be set, and not both")


def check_the_nodes_of_a_wave_do_not_change(cluster):
    create(cluster, "PatchWave", wave_of_nodes(), "nodes-stay", dry_run=False)
    answer = cluster.request("PATCH", where("PatchWave", "nodes-stay"), {"spec": {"nodes": {"names": ["n1"]}}},
                             content_type=MERGE_PATCH)
    assert not answer.ok and "must not change; another plan needs another PatchWave" in answer.message, answer.message


def check_a_patch_is_of_an_image_or_of_a_pool(cluster):
    pool = {"subject": {"nodePool": "workers"}, "to": {"version": "2026-11", "parameters": {"packages": "openssl"}}}
    accepts(cluster, "Patch", pool, "pool")
    refuses(cluster, "Patch", {**pool, "subject": {**pool["subject"], **patch()["subject"]}}, "`image` or `nodePool`")
    refuses(cluster, "Patch", {**pool, "to": {"tag": "1"}}, "`version` for a node pool")
    refuses(cluster, "Patch", {**patch(), "to": {"tag": "1", "version": "2026-11"}}, "neither `version` nor `parameters` for an image")


def check_a_policy_has_workloads_or_pools(cluster):
    pools = [{"name": "workers", "nodeSelector": {"matchLabels": {"pool": "workers"}},
              "provider": {"inPlace": {"recipe": "debian"}}}]
    made = accepts(cluster, "PatchPolicy", {**policy(), "targets": {"nodePools": pools}})
    assert made["targets"]["nodePools"][0]["drain"]["deadline"] == "30m"
    refuses(cluster, "PatchPolicy", {**policy(), "targets": {}}, "`workloads`, `nodePools` or both must be set")
    refuses(cluster, "PatchPolicy", {**policy(), "targets": {"nodePools": pools + pools}}, "Duplicate value")


def check_a_recipe_pins_its_image_and_does_not_change(cluster):
    made = accepts(cluster, "NodeRecipe", recipe())
    assert made["patch"]["timeout"] == "10m" and made["privileged"] is False
    refuses(cluster, "NodeRecipe", {**recipe(), "image": "registry.example.com/tools/node-shell:1"}, "spec.image")
    refuses(cluster, "NodeRecipe", {**recipe(), "hostPaths": [{"path": "/var/../etc", "mountPath": "/host"}]}, "path")
    create(cluster, "NodeRecipe", recipe(), "stays", dry_run=False)
    answer = cluster.request("PATCH", where("NodeRecipe", "stays"), {"spec": {"privileged": True}}, content_type=MERGE_PATCH)
    assert not answer.ok and "another recipe needs another NodeRecipe" in answer.message, answer.message
