"""What the operator's account may do to nodes, and what may run where their Jobs do, tried with its own token."""

import copy

from control_plane import ADMIN, eventually
from rendering import NAMESPACE, apply, helm, install, of_kind

JOBS = "patchwave-node-jobs"
WHERE = f"/apis/batch/v1/namespaces/{JOBS}/jobs"
MERGE_PATCH = "application/merge-patch+json"
IMAGE = "registry.example.com/tools/node-shell@sha256:" + "a" * 64
ENABLED = "--set=nodeJobs.enabled=true"
KINDS = ("Namespace", "ServiceAccount", "ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding",
         "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


def job():
    """As the operator makes one."""
    return {
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "patchwave-patch-1", "namespace": JOBS},
        "spec": {
            "backoffLimit": 0, "completions": 1, "parallelism": 1, "activeDeadlineSeconds": 60,
            "template": {"spec": {
                "restartPolicy": "Never", "serviceAccountName": "patchwave-node-job", "automountServiceAccountToken": False,
                "hostPID": True, "tolerations": [{"operator": "Exists"}],
                "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
                    {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["n1"]}]}]}}},
                "containers": [{"name": "step", "image": IMAGE, "command": ["/patch"], "securityContext": {"privileged": True},
                                "env": [{"name": "PATCHWAVE_NODE", "value": "n1"}],
                                "volumeMounts": [{"name": "host-0", "mountPath": "/host"}]}],
                "volumes": [{"name": "host-0", "hostPath": {"path": "/var/lib", "type": "Directory"}}]}}}}


class Setting:
    def __init__(self, cluster):
        install(cluster)
        apply(cluster, [document for kind in KINDS for document in of_kind(helm(ENABLED), kind)])
        self.cluster = cluster
        self.operator = cluster.sign_in_service_account(NAMESPACE, "patchwave")
        made = cluster.request("POST", "/api/v1/nodes", {
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1", "labels": {"pool": "workers"},
                                                             "annotations": {"team": "platform"}},
            "spec": {"taints": [{"key": "team", "value": "a", "effect": "NoSchedule"}]}})
        assert made.ok, made.message
        eventually(lambda: not self.change({"metadata": {"labels": {"pool": "other"}}}).ok, "the policy for nodes is in force")
        eventually(lambda: not self.make(job(), ADMIN).ok, "the policy for Jobs is in force")

    def change(self, patch):
        return self.cluster.request("PATCH", "/api/v1/nodes/n1?dryRun=All", patch, self.operator, MERGE_PATCH)

    def make(self, the_job, user=None):
        return self.cluster.request("POST", WHERE + "?dryRun=All", the_job, user or self.operator)

    def refuses(self, answer, because):
        assert not answer.ok, "it is allowed"
        assert because in answer.message, answer.message


def setting(cluster):
    if not hasattr(cluster, "node_setting"):
        cluster.node_setting = Setting(cluster)
    return cluster.node_setting


def changed(change):
    other = copy.deepcopy(job())
    change(other["spec"], other["spec"]["template"]["spec"])
    return other


def check_the_operator_may_cordon_a_node_and_set_its_own_annotations(cluster):
    answer = setting(cluster).change({"metadata": {"annotations": {"patchwave.dev/cordoned-by": "{}"}},
                                      "spec": {"unschedulable": True}})
    assert answer.ok, answer.message


def check_the_operator_may_change_nothing_else_of_a_node(cluster):
    for patch, because in (
            ({"metadata": {"labels": {"pool": "other"}}}, "labels, owners or finalizers"),
            ({"metadata": {"annotations": {"team": "other"}}}, "annotations of a node"),
            ({"metadata": {"annotations": {"team": None}}}, "annotations of a node"),
            ({"spec": {"taints": []}}, "but for its cordon"),
            ({"spec": {"taints": [{"key": "team", "value": "a", "effect": "NoSchedule"},
                                  {"key": "node.kubernetes.io/unschedulable", "effect": "NoExecute"}]}}, "but for its cordon"),
            ({"spec": {"providerID": "another"}}, "but for its cordon")):
        setting(cluster).refuses(setting(cluster).change(patch), because)


def check_the_operator_may_make_a_job_of_its_own_shape(cluster):
    answer = setting(cluster).make(job())
    assert answer.ok, answer.message


def check_nobody_else_makes_jobs_where_node_jobs_run(cluster):
    setting(cluster).refuses(setting(cluster).make(job(), ADMIN), "only the operator makes Jobs")


def check_a_node_job_of_any_other_shape_is_refused(cluster):
    def secret(_, pod):
        pod["volumes"].append({"name": "s", "secret": {"secretName": "s"}})

    def environment(_, pod):
        pod["containers"][0]["env"].append(
            {"name": "S", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}})

    for change, because in (
            (lambda spec, _: spec.update(backoffLimit=3), "runs once"),
            (lambda spec, _: spec.pop("activeDeadlineSeconds"), "runs once"),
            (lambda _, pod: pod.pop("affinity"), "for one node"),
            (lambda _, pod: pod.update(serviceAccountName="default"), "account without rights"),
            (lambda _, pod: pod.update(automountServiceAccountToken=True), "account without rights"),
            (lambda _, pod: pod.update(hostNetwork=True), "account without rights"),
            (lambda _, pod: pod["containers"][0].update(image="registry.example.com/tools/node-shell:1"), "has a digest"),
            (lambda _, pod: pod["containers"].append({"name": "more", "image": IMAGE}), "one container"),
            (environment, "reads no Secret"), (secret, "nothing but directories")):
        setting(cluster).refuses(setting(cluster).make(changed(change)), because)


def check_only_jobs_make_pods_where_node_jobs_run(cluster):
    setting(cluster)
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "shell", "namespace": JOBS},
           "spec": {"serviceAccountName": "patchwave-node-job", "containers": [{"name": "shell", "image": IMAGE}]}}
    answer = cluster.request("POST", f"/api/v1/namespaces/{JOBS}/pods?dryRun=All", pod)
    setting(cluster).refuses(answer, "only Jobs make pods")
    # An owner is what a pod says of itself.
    pod["metadata"]["ownerReferences"] = [{"apiVersion": "batch/v1", "kind": "Job", "name": "made-up", "uid": "0", "controller": True}]
    setting(cluster).refuses(cluster.request("POST", f"/api/v1/namespaces/{JOBS}/pods?dryRun=All", pod), "only Jobs make pods")


def check_without_node_jobs_the_operator_has_no_right_to_nodes(_):
    for role in of_kind(helm(), "ClusterRole"):
        for rule in role.get("rules") or []:
            assert "nodes" not in rule["resources"] or set(rule["verbs"]) <= {"get", "list", "watch"}, role["metadata"]["name"]
    assert not [document for document in helm() if "node-job" in document["metadata"]["name"]]
