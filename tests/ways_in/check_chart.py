"""What the chart renders, and what it refuses to."""

import yaml

from rendering import NAMESPACE, helm, install, is_test_hook, of_kind

RESTRICTED = "restricted"


def refusal(*arguments):
    try:
        helm(*arguments)
    except AssertionError as error:
        return str(error)
    raise AssertionError(f"{arguments} is accepted")


def check_values_that_are_not_there_are_refused_by_name(_):
    assert "colour" in refusal("--set", "colour=blue")
    assert "qsp" in refusal("--set", "config.kubernetes.qsp=5")
    assert "logLevel" in refusal("--set", "config.logLevel=loud")
    assert "kind" in refusal("--set-json", 'config.feeds=[{"kind": "weather", "url": "https://example.com"}]')


def check_a_budget_that_would_block_every_drain_is_refused(_):
    words = refusal("--set", "replicaCount=1,podDisruptionBudget.minAvailable=1")
    assert "podDisruptionBudget.minAvailable must be less than replicaCount" in words
    budget = of_kind(helm("--set", "podDisruptionBudget.minAvailable=1"), "PodDisruptionBudget")[0]
    assert budget["spec"]["minAvailable"] == 1


def check_a_service_monitor_without_a_service_is_refused(_):
    words = refusal("--set", "serviceMonitor.enabled=true,metrics.service.enabled=false")
    assert "serviceMonitor.enabled needs" in words


def check_everything_optional_renders(_):
    extra = '[{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-x"}}]'
    registries = '[{"host": "registry.example.com", "credentialsFile": "/etc/r/config.json"}]'
    feeds = '[{"kind": "kev", "url": "https://feeds.example.com/kev.json", "interval": "30m"}]'
    documents = helm("--set", "networkPolicy.enabled=true,serviceMonitor.enabled=true",
                     "--set", "config.prometheus.url=http://prometheus",
                     "--set", "rbac.pullSecrets[0].namespace=shop,rbac.pullSecrets[0].names[0]=pull",
                     "--set", "image.digest=sha256:" + "0" * 64,
                     "--set-json", f"extraObjects={extra}", "--set-json", f"config.registries={registries}",
                     "--set-json", f"config.feeds={feeds}")
    assert of_kind(documents, "NetworkPolicy") and of_kind(documents, "ServiceMonitor")
    secrets = of_kind(documents, "Role", "patchwave-pull-secrets")[0]
    assert secrets["metadata"]["namespace"] == "shop"
    assert secrets["rules"][0] == {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["pull"],
                                   "verbs": ["get"]}
    assert of_kind(documents, "ConfigMap", "patchwave-x")
    image = of_kind(documents, "Deployment")[0]["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.endswith("@sha256:" + "0" * 64), image
    configuration = yaml.safe_load(of_kind(documents, "ConfigMap", "patchwave-configuration")[0]["data"]["config.yaml"])
    assert configuration["prometheus"]["url"] == "http://prometheus"
    assert configuration["registries"][0]["host"] == "registry.example.com"
    assert configuration["feeds"] == [{"kind": "kev", "url": "https://feeds.example.com/kev.json", "interval": "30m"}]


def check_another_release_name_reaches_every_reference(_):
    documents = helm(release="other")
    account = "system:serviceaccount:patchwave-system:other-patchwave"
    policies = [policy["spec"] for policy in of_kind(documents, "ValidatingAdmissionPolicy")]
    conditions = [each["expression"] for policy in policies for each in policy.get("matchConditions", [])]
    assert len(conditions) == 2 and all(account in condition for condition in conditions)
    role = of_kind(documents, "Role", "other-patchwave-leader-election")[0]
    configuration = yaml.safe_load(of_kind(documents, "ConfigMap")[0]["data"]["config.yaml"])
    assert configuration["leaderElection"]["leaseName"] in role["rules"][1]["resourceNames"]


def check_crds_are_kept_unless_asked_otherwise(_):
    keep = "helm.sh/resource-policy"
    assert all(crd["metadata"]["annotations"][keep] == "keep" for crd in of_kind(helm(), "CustomResourceDefinition"))
    for crd in of_kind(helm("--set", "crds.keep=false"), "CustomResourceDefinition"):
        assert keep not in crd["metadata"].get("annotations", {})
    assert not of_kind(helm("--set", "crds.enabled=false"), "CustomResourceDefinition")


def check_no_role_of_the_operator_reaches_too_far(_):
    for role in of_kind(helm(), "ClusterRole", "patchwave") + of_kind(helm(), "Role"):
        for rule in role["rules"]:
            assert "*" not in rule["verbs"] + rule["resources"] + rule["apiGroups"], rule
            assert "secrets" not in rule["resources"], rule
            forbidden = {"escalate", "bind", "impersonate", "approve", "deletecollection"}
            assert not forbidden & set(rule["verbs"]), rule
            assert not {"nodes/proxy", "pods/exec", "serviceaccounts/token"} & set(rule["resources"]), rule


def check_approving_is_not_part_of_any_built_in_role(_):
    for role in of_kind(helm(), "ClusterRole"):
        aggregated = any(label.startswith("rbac.authorization.k8s.io/aggregate-to-")
                         for label in role["metadata"].get("labels", {}))
        for rule in role["rules"]:
            writes = {"create", "update", "patch", "delete"} & set(rule["verbs"])
            assert not (aggregated and "patchapprovals" in rule["resources"] and writes), role["metadata"]["name"]
            assert not (aggregated and "approve" in rule["verbs"]), role["metadata"]["name"]


def check_the_pods_are_accepted_by_the_restricted_pod_security_standard(cluster):
    install(cluster)
    label = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": RESTRICTED}}}
    cluster.create_namespace(RESTRICTED)
    cluster.request("PATCH", f"/api/v1/namespaces/{RESTRICTED}", label, content_type="application/merge-patch+json")
    cluster.request("POST", f"/api/v1/namespaces/{RESTRICTED}/serviceaccounts",
                    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "patchwave"}})
    deployment = of_kind(helm(), "Deployment")[0]
    test = of_kind(helm(), "Pod")[0]
    for spec in (deployment["spec"]["template"]["spec"], test["spec"]):
        answer = cluster.request("POST", f"/api/v1/namespaces/{RESTRICTED}/pods?dryRun=All",
                                 {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": spec})
        assert answer.ok, answer.message


def check_the_chart_installs_into_a_cluster(cluster):
    install(cluster)
    found = cluster.kubectl("get", "deployment,configmap,service,pdb,sa,role", "-n", NAMESPACE, "-o", "name").stdout
    for wanted in ("deployment.apps/patchwave", "configmap/patchwave-configuration", "service/patchwave-metrics",
                   "poddisruptionbudget.policy/patchwave", "serviceaccount/patchwave",
                   "role.rbac.authorization.k8s.io/patchwave-leader-election"):
        assert wanted in found, found
    assert any(is_test_hook(document) for document in helm())
