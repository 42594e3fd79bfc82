"""Who may approve: only in their own name, and only with the verb `approve` on the wave."""

from control_plane import eventually
from rendering import install

SPACE = "approvals"
JANE, JOE, EVE = "jane@example.com", "joe@example.com", "eve@example.com"
WHERE = f"/apis/patchwave.dev/v1alpha1/namespaces/{SPACE}/patchapprovals"
RBAC = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{SPACE}"
HASH = "sha256:" + "b" * 64


def approval(approver, wave="web-canary", **spec):
    return {"apiVersion": "patchwave.dev/v1alpha1", "kind": "PatchApproval",
            "metadata": {"generateName": "approval-", "namespace": SPACE},
            "spec": {"waveRef": {"name": wave}, "approver": approver, "planHash": HASH, "decision": "Approve", **spec}}


def emergency(approver, **spec):
    return approval(approver, **{"emergency": {"untilTime": "2026-11-22T06:00:00Z", "reason": "CVE-2026-1234"}, **spec})


def bind(cluster, user, name, role, kind="ClusterRole"):
    cluster.request("POST", RBAC + "/rolebindings", {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": role},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}]})


def setting(cluster):
    """Jane holds the approver's role, Eve that for emergencies too. Joe may create approvals, but approve one wave only."""
    if getattr(cluster, "approval_setting", False):
        return
    install(cluster)
    cluster.create_namespace(SPACE)
    bind(cluster, JANE, "jane", "patchwave-approver")
    bind(cluster, EVE, "eve", "patchwave-approver")
    bind(cluster, EVE, "eve-in-emergencies", "patchwave-emergency")
    cluster.request("POST", RBAC + "/roles", {
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "one-wave"},
        "rules": [{"apiGroups": ["patchwave.dev"], "resources": ["patchapprovals"], "verbs": ["create"]},
                  {"apiGroups": ["patchwave.dev"], "resources": ["patchwaves"], "resourceNames": ["web-canary"],
                   "verbs": ["approve"]}]})
    bind(cluster, JOE, "joe", "one-wave", "Role")
    eventually(lambda: not create(cluster, JOE, approval(JANE)).ok, "the admission policy is in force")
    for user in (JANE, EVE):
        eventually(lambda who=user: create(cluster, who, approval(who)).ok, "the role bindings are in force")
    eventually(lambda: create(cluster, EVE, emergency(EVE)).ok, "the role binding for emergencies is in force")
    cluster.approval_setting = True


def create(cluster, user, body):
    return cluster.request("POST", WHERE + "?dryRun=All", body, user)


def check_an_approver_approves_in_their_own_name(cluster):
    setting(cluster)
    answer = create(cluster, JANE, approval(JANE))
    assert answer.ok, answer.message


def check_nobody_approves_in_the_name_of_another(cluster):
    setting(cluster)
    answer = create(cluster, JANE, approval(JOE))
    assert answer.status == 403 and f"`spec.approver` must be '{JANE}'" in answer.message, answer.message


def check_the_verb_approve_can_be_given_for_one_wave(cluster):
    setting(cluster)
    assert create(cluster, JOE, approval(JOE)).ok
    answer = create(cluster, JOE, approval(JOE, "web-rest"))
    assert answer.status == 403 and "needs the verb 'approve'" in answer.message, answer.message


def check_editors_and_admins_of_a_namespace_do_not_approve_by_that(cluster):
    setting(cluster)
    for role in ("edit", "admin"):
        answer = cluster.request("GET", f"/apis/rbac.authorization.k8s.io/v1/clusterroles/patchwave-{role}")
        resources = [resource for rule in answer.object["rules"] for resource in rule["resources"]]
        verbs = [verb for rule in answer.object["rules"] for verb in rule["verbs"]]
        assert "patchapprovals" not in resources and "approve" not in verbs


def check_an_emergency_needs_a_right_of_its_own(cluster):
    setting(cluster)
    assert create(cluster, EVE, emergency(EVE)).ok
    answer = create(cluster, JANE, emergency(JANE))
    assert answer.status == 403 and "needs the verb 'declare-emergency'" in answer.message, answer.message


def check_an_emergency_is_an_approval_with_a_reason(cluster):
    setting(cluster)
    for spec, rule in (({"emergency": {"untilTime": "2026-11-22T06:00:00Z"}}, "spec.emergency.reason: Required value"),
                       ({"decision": "Deny"}, "must be Approve with an emergency")):
        answer = create(cluster, EVE, emergency(EVE, **spec))
        assert answer.status == 422 and rule in answer.message, answer.message
