"""What the operator's account may change of a workload, tried with its own token."""

import json

from control_plane import eventually
from rendering import NAMESPACE, install

SPACE = "shop"
DIGEST = "registry.example.com/web:2@sha256:" + "a" * 64
PLAIN = "registry.example.com/web:1"
CLAIM = "patchwave.dev/claimed-by"
RECORD = "patchwave.dev/images-before"
IMAGES = f"migrate={PLAIN},web={PLAIN},sidecar=registry.example.com/sidecar:1"
CLAIMED = {CLAIM: "shop/wave/uid", RECORD: IMAGES}
JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


def pod_template():
    return {
        "metadata": {"labels": {"app": "web"}, "annotations": {"team": "front"}},
        "spec": {
            "serviceAccountName": "default",
            "initContainers": [{"name": "migrate", "image": PLAIN}],
            "containers": [{"name": "web", "image": PLAIN, "env": [{"name": "A", "value": "1"}]},
                           {"name": "sidecar", "image": "registry.example.com/sidecar:1"}],
            "volumes": [{"name": "scratch", "emptyDir": {}}],
        },
    }


def workload(kind, name):
    spec = {"selector": {"matchLabels": {"app": "web"}}, "template": pod_template()}
    if kind != "DaemonSet":
        spec["replicas"] = 3
    if kind == "StatefulSet":
        spec["serviceName"] = "web"
    return {"apiVersion": "apps/v1", "kind": kind,
            "metadata": {"name": name, "namespace": SPACE, "labels": {"app": "web"}, "annotations": {"team": "front"},
                         "finalizers": ["example.com/keep"]},
            "spec": spec}


def canary(name="web-patchwave-canary", owner_uid="0"):
    labels = {"patchwave.dev/track": "canary", "patchwave.dev/canary-of": "web"}
    pod = pod_template()
    pod["metadata"]["labels"].update(labels)
    pod["spec"]["containers"][0]["image"] = DIGEST
    return {"apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"name": name, "namespace": SPACE, "labels": labels, "annotations": {CLAIM: "shop/wave/uid"},
                         "ownerReferences": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web",
                                              "uid": owner_uid, "blockOwnerDeletion": False}]},
            "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": pod}}


def path(kind, name=""):
    return f"/apis/apps/v1/namespaces/{SPACE}/{kind.lower()}s" + (f"/{name}" if name else "")


class Setting:
    """The chart installed, the operator's account signed in, and workloads to try it on."""

    def __init__(self, cluster):
        install(cluster)
        cluster.create_namespace(SPACE)
        self.cluster = cluster
        self.operator = cluster.sign_in_service_account(NAMESPACE, "patchwave")
        for kind in ("Deployment", "StatefulSet", "DaemonSet"):
            self.reset(kind)
        refused = [{"op": "replace", "path": "/spec/replicas", "value": 5}]
        eventually(lambda: not self.patch("Deployment", refused, dry_run=True).ok, "the admission policy is in force")

    def reset(self, kind, claimed=False, image=PLAIN):
        """The workload as its owner wrote it, or with the image that a claiming wave has set since."""
        wanted = workload(kind, "web")
        wanted["spec"]["template"]["spec"]["containers"][0]["image"] = image
        if claimed:
            wanted["metadata"]["annotations"] |= CLAIMED
        live = self.cluster.request("GET", path(kind, "web"))
        if live.ok:
            wanted["metadata"]["resourceVersion"] = live.object["metadata"]["resourceVersion"]
            answer = self.cluster.request("PUT", path(kind, "web"), wanted)
        else:
            answer = self.cluster.request("POST", path(kind), wanted)
        assert answer.ok, answer.message

    def patch(self, kind, operations, dry_run=False, name="web"):
        content_type = JSON_PATCH if isinstance(operations, list) else MERGE_PATCH
        where = path(kind, name) + ("?dryRun=All" if dry_run else "")
        return self.cluster.request("PATCH", where, operations, self.operator, content_type)

    def change(self, kind, operations):
        answer = self.patch(kind, operations)
        assert answer.ok, f"{kind} {operations}: {answer.message}"

    def allows(self, kind, operations):
        answer = self.patch(kind, operations, dry_run=True)
        assert answer.ok, f"{kind} {operations}: {answer.message}"

    def refuses(self, kind, operations, because="patchwave-workloads"):
        answer = self.patch(kind, operations, dry_run=True)
        assert not answer.ok, f"{kind} {operations} is allowed"
        assert answer.status in (403, 422) and because in answer.message, answer.message


def setting(cluster):
    if not hasattr(cluster, "workload_setting"):
        cluster.workload_setting = Setting(cluster)
    return cluster.workload_setting


def replace(where, value):
    return [{"op": "replace", "path": where, "value": value}]


def add(where, value):
    return [{"op": "add", "path": where, "value": value}]


KINDS = ("Deployment", "StatefulSet", "DaemonSet")
IMAGE = "/spec/template/spec/containers/0/image"


def check_images_with_a_digest_may_be_set_on_every_kind(cluster):
    for kind in KINDS:
        setting(cluster).allows(kind, replace(IMAGE, DIGEST))
        setting(cluster).allows(kind, replace("/spec/template/spec/initContainers/0/image", DIGEST))


def check_images_without_a_digest_may_not_be_set(cluster):
    for kind in KINDS:
        setting(cluster).refuses(kind, replace(IMAGE, "registry.example.com/web:3"), "must have a digest")
        initial = "/spec/template/spec/initContainers/0/image"
        setting(cluster).refuses(kind, replace(initial, "evil"), "must have a digest")


def check_a_claimed_workload_may_get_back_the_image_that_it_had_and_no_other_without_a_digest(cluster):
    for kind in KINDS:
        setting(cluster).reset(kind, claimed=True, image=DIGEST)
        setting(cluster).allows(kind, replace(IMAGE, PLAIN))
        setting(cluster).refuses(kind, replace(IMAGE, "registry.example.com/web:0"), "must have a digest")
        # The image that another container had.
        setting(cluster).refuses(kind, replace(IMAGE, "registry.example.com/sidecar:1"), "must have a digest")
        setting(cluster).reset(kind)


def check_a_claim_does_not_open_the_way_for_an_image_of_ones_own(cluster):
    """What a stolen token would try."""
    evil = "registry.example.com/evil:1"
    for kind in KINDS:
        claim = {"metadata": {"annotations": {CLAIM: "x", RECORD: IMAGES.replace(f"web={PLAIN}", f"web={evil}")}}}
        setting(cluster).refuses(kind, claim, "the record of the images")
        setting(cluster).refuses(kind, {"metadata": {"annotations": {CLAIM: "x"}}}, "needs the record")
        setting(cluster).refuses(kind, {"metadata": {"annotations": {RECORD: IMAGES}}}, "the record of the images")
        own = add("/metadata/annotations/" + CLAIM.replace("/", "~1"), "x")
        own += add("/metadata/annotations/" + RECORD.replace("/", "~1"), IMAGES)
        setting(cluster).allows(kind, own)
        setting(cluster).refuses(kind, own + replace(IMAGE, evil), "must have a digest")
        setting(cluster).reset(kind, claimed=True)
        setting(cluster).refuses(kind, {"metadata": {"annotations": {RECORD: f"web={evil}"}}}, "the record of the images")
        setting(cluster).refuses(kind, {"metadata": {"annotations": {RECORD: None}}}, "needs the record")
        setting(cluster).reset(kind)


def check_the_record_of_a_wave_that_succeeded_allows_a_later_rollback_under_a_claim(cluster):
    for kind in KINDS:
        setting(cluster).reset(kind, claimed=True, image=DIGEST)
        setting(cluster).change(kind, {"metadata": {"annotations": {CLAIM: None}}})
        setting(cluster).refuses(kind, replace(IMAGE, PLAIN), "must have a digest")
        setting(cluster).change(kind, {"metadata": {"annotations": {CLAIM: "shop/wave/uid"}}})
        setting(cluster).allows(kind, replace(IMAGE, PLAIN))
        setting(cluster).reset(kind)


def check_what_only_looks_like_a_digest_is_none(cluster):
    for image in (f"registry.example.com/evil:1,x={DIGEST}", "registry.example.com/evil@sha256:abc",
                  f"{DIGEST}0", f"registry.example.com/evil@{DIGEST}"):
        setting(cluster).refuses("Deployment", replace(IMAGE, image), "")


def check_our_own_annotations_may_come_and_go(cluster):
    for kind in KINDS:
        setting(cluster).allows(kind, {"metadata": {"annotations": CLAIMED}})
        setting(cluster).reset(kind, claimed=True)
        setting(cluster).allows(kind, {"metadata": {"annotations": {CLAIM: None, RECORD: None}}})
        setting(cluster).reset(kind)


def check_annotations_of_others_may_not_change(cluster):
    for kind in KINDS:
        for value in ({"team": "back"}, {"team": None}, {"example.com/new": "x"}):
            setting(cluster).refuses(kind, {"metadata": {"annotations": value}}, "annotations that are not its own")


def check_labels_owners_and_finalizers_may_not_change(cluster):
    for kind in KINDS:
        for change in ({"labels": {"app": "db"}}, {"labels": {"patchwave.dev/track": "canary"}}, {"labels": None},
                       {"finalizers": None}, {"finalizers": ["example.com/keep", "example.com/more"]},
                       {"ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "x", "uid": "1"}]}):
            # An owner that it may not delete is refused by the API server before the policy is asked.
            setting(cluster).refuses(kind, {"metadata": change}, "forbidden")


def check_nothing_else_of_a_spec_may_change(cluster):
    for change in ({"replicas": 0}, {"paused": True}, {"minReadySeconds": 5}, {"revisionHistoryLimit": 0},
                   {"progressDeadlineSeconds": 9}, {"strategy": {"type": "Recreate", "rollingUpdate": None}}):
        setting(cluster).refuses("Deployment", {"spec": change})
    for change in ({"replicas": 0}, {"podManagementPolicy": "Parallel"},
                   {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}):
        setting(cluster).refuses("StatefulSet", {"spec": change}, "")
    setting(cluster).refuses("DaemonSet", {"spec": {"minReadySeconds": 5}})


def check_nothing_else_of_a_pod_template_may_change(cluster):
    changes = [
        {"serviceAccountName": "admin", "serviceAccount": "admin"}, {"hostNetwork": True}, {"hostPID": True},
        {"hostIPC": True}, {"nodeName": "node-1"}, {"nodeSelector": {"a": "b"}}, {"priorityClassName": "x"},
        {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}, {"volumes": None},
        {"securityContext": {"runAsUser": 0}}, {"tolerations": [{"operator": "Exists"}]},
        {"automountServiceAccountToken": True}, {"imagePullSecrets": [{"name": "x"}]}, {"runtimeClassName": "x"},
        {"hostAliases": [{"ip": "10.0.0.1", "hostnames": ["x"]}]}, {"dnsPolicy": "Default"},
        {"terminationGracePeriodSeconds": 0}, {"shareProcessNamespace": True},
    ]
    for kind in KINDS:
        for change in changes:
            setting(cluster).refuses(kind, {"spec": {"template": {"spec": change}}})
        for metadata in ({"labels": {"more": "x"}}, {"annotations": {"team": "back"}}, {"annotations": {"x": "y"}}):
            setting(cluster).refuses(kind, {"spec": {"template": {"metadata": metadata}}})


def check_nothing_else_of_a_container_may_change(cluster):
    container = "/spec/template/spec/containers/0"
    changes = [
        add(f"{container}/command", ["sh", "-c", "true"]), add(f"{container}/args", ["x"]),
        replace(f"{container}/env/0/value", "2"), [{"op": "remove", "path": f"{container}/env"}],
        add(f"{container}/envFrom", [{"secretRef": {"name": "x"}}]),
        add(f"{container}/securityContext", {"privileged": True}),
        add(f"{container}/volumeMounts", [{"name": "scratch", "mountPath": "/x"}]),
        add(f"{container}/ports", [{"containerPort": 1}]),
        add(f"{container}/lifecycle", {"preStop": {"sleep": {"seconds": 1}}}),
        replace(f"{container}/imagePullPolicy", "Never"), replace(f"{container}/name", "other"),
        add("/spec/template/spec/containers/-", {"name": "more", "image": DIGEST}),
        [{"op": "remove", "path": "/spec/template/spec/containers/1"}],
        [{"op": "remove", "path": "/spec/template/spec/initContainers"}],
        add("/spec/template/spec/initContainers/-", {"name": "more", "image": DIGEST}),
        add("/spec/template/spec/initContainers/0/restartPolicy", "Always"),
    ]
    for kind in KINDS:
        for change in changes:
            setting(cluster).refuses(kind, change)
            setting(cluster).refuses(kind, change + replace(IMAGE, DIGEST))


def check_an_initial_container_may_not_be_added_where_there_was_none(cluster):
    kind = "Deployment"
    plain = workload(kind, "plain")
    del plain["spec"]["template"]["spec"]["initContainers"]
    cluster.request("POST", path(kind), plain)
    change = add("/spec/template/spec/initContainers", [{"name": "more", "image": DIGEST}])
    answer = setting(cluster).patch(kind, change, dry_run=True, name="plain")
    assert not answer.ok and "patchwave-workloads" in answer.message, answer.message
    answer = setting(cluster).patch(kind, replace(IMAGE, DIGEST), dry_run=True, name="plain")
    assert answer.ok, answer.message


def check_a_stateful_set_may_get_a_partition_and_a_strategy(cluster):
    kind = "StatefulSet"
    setting(cluster).allows(kind, {"spec": {"updateStrategy": {"rollingUpdate": {"partition": 2}}}})
    setting(cluster).allows(kind, {"spec": {"updateStrategy": {"type": "OnDelete", "rollingUpdate": None}}})


def check_a_stateful_set_may_not_get_another_rolling_update(cluster):
    change = {"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "100%"}}}}
    answer = setting(cluster).patch("StatefulSet", change, dry_run=True)
    # An API server without the feature drops the field.
    kept = answer.ok and "maxUnavailable" in answer.object["spec"]["updateStrategy"].get("rollingUpdate", {})
    assert not kept


def check_a_daemon_set_may_change_its_strategy(cluster):
    setting(cluster).allows("DaemonSet", {"spec": {"updateStrategy": {"type": "OnDelete"}}})


def check_a_canary_copy_may_be_made_applied_and_removed(cluster):
    operator = setting(cluster).operator
    uid = cluster.request("GET", path("Deployment", "web")).object["metadata"]["uid"]
    wanted = canary(owner_uid=uid)
    where = path("Deployment", "web-patchwave-canary") + "?fieldManager=patchwave"
    for replicas in (1, 2):
        wanted["spec"]["replicas"] = replicas
        answer = cluster.request("PATCH", where, wanted, operator, APPLY)
        assert answer.ok, answer.message
    answer = cluster.request("DELETE", path("Deployment", "web-patchwave-canary"), None, operator)
    assert answer.ok, answer.message


def check_no_other_deployment_may_be_made(cluster):
    def without(change):
        wanted = json.loads(json.dumps(canary()))
        change(wanted)
        return wanted

    attempts = [
        workload("Deployment", "evil"),
        without(lambda each: each["metadata"].pop("labels")),
        without(lambda each: each["metadata"]["labels"].update({"patchwave.dev/track": "stable"})),
        without(lambda each: each["metadata"].update(name="web-canary")),
        without(lambda each: each["metadata"].pop("ownerReferences")),
        without(lambda each: each["spec"]["template"]["spec"]["containers"][0].update(image=PLAIN)),
    ]
    for wanted in attempts:
        answer = cluster.request("POST", path("Deployment") + "?dryRun=All", wanted, setting(cluster).operator)
        assert answer.status in (403, 422) and "patchwave-canaries" in answer.message, answer.message


def check_no_other_deployment_may_be_removed(cluster):
    answer = cluster.request("DELETE", path("Deployment", "web") + "?dryRun=All", None, setting(cluster).operator)
    assert not answer.ok and "patchwave-canaries" in answer.message, answer.message


def check_others_are_not_bound_by_the_policy(cluster):
    answer = cluster.request("PATCH", path("Deployment", "web") + "?dryRun=All", {"spec": {"replicas": 7}},
                             content_type=MERGE_PATCH)
    assert answer.ok, answer.message


def check_the_account_has_no_right_it_does_not_need(cluster):
    attempts = [
        ("GET", f"/api/v1/namespaces/{SPACE}/secrets"), ("GET", "/api/v1/secrets"),
        ("GET", f"/api/v1/namespaces/{NAMESPACE}/secrets/x"), ("GET", "/api/v1/nodes/x/proxy/"),
        ("POST", f"/api/v1/namespaces/{SPACE}/pods"), ("DELETE", f"/api/v1/namespaces/{SPACE}/pods/x"),
        ("POST", f"/api/v1/namespaces/{SPACE}/pods/x/exec"), ("PATCH", "/api/v1/namespaces/shop"),
        ("PATCH", "/api/v1/nodes/x"), ("DELETE", path("StatefulSet", "web")), ("POST", path("DaemonSet")),
        ("PUT", path("Deployment", "web")), ("PATCH", path("Deployment", "web") + "/scale"),
        ("POST", f"/api/v1/namespaces/{SPACE}/serviceaccounts/default/token"),
        ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"),
        ("PATCH", "/apis/rbac.authorization.k8s.io/v1/clusterroles/patchwave"),
        ("DELETE", "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies/patchwave-workloads"),
        ("PATCH", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/patches.patchwave.dev"),
        ("POST", f"/apis/batch/v1/namespaces/{SPACE}/jobs"),
        ("POST", f"/apis/patchwave.dev/v1alpha1/namespaces/{SPACE}/patchapprovals"),
        ("POST", f"/apis/patchwave.dev/v1alpha1/namespaces/{SPACE}/patchpolicies"),
        ("PUT", f"/apis/coordination.k8s.io/v1/namespaces/{NAMESPACE}/leases/another"),
        ("GET", "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x"),
    ]
    for method, where in attempts:
        content_type = MERGE_PATCH if method == "PATCH" else "application/json"
        body = None if method in ("GET", "DELETE") else {}
        answer = cluster.request(method, where, body, setting(cluster).operator, content_type)
        assert answer.status == 403, f"{method} {where}: {answer.status} {answer.message}"


def check_the_policies_have_no_type_errors_in_use(cluster):
    """A whole promotion: claim, image, release, all at once refused when something else comes with it."""
    operations = [{"op": "add", "path": f"/metadata/annotations/{key.replace('/', '~1')}", "value": value}
                  for key, value in CLAIMED.items()] + replace(IMAGE, DIGEST)
    for kind in KINDS:
        setting(cluster).allows(kind, operations)
        setting(cluster).refuses(kind, operations + add("/spec/template/spec/hostNetwork", True))
