"""Kustomize and the chart are two ways to the same installation."""

import yaml

from rendering import NAMESPACE, ROOT, apply, helm, install, is_test_hook, kustomize, of_kind

KINDS = ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding", "ServiceAccount", "ValidatingAdmissionPolicy",
         "ValidatingAdmissionPolicyBinding", "Deployment", "Service", "PodDisruptionBudget", "CustomResourceDefinition")
LABELS_OF_HELM = ("app.kubernetes.io/instance", "app.kubernetes.io/version", "app.kubernetes.io/managed-by",
                  "helm.sh/chart")
ANNOTATIONS_OF_HELM = ("helm.sh/resource-policy", "patchwave.dev/config-hash")


def normalised(value):
    """Without what only says who rendered it. A generated ConfigMap has a name of its own."""
    if isinstance(value, list):
        return [normalised(each) for each in value]
    if not isinstance(value, dict):
        return value
    result = {}
    for key, each in value.items():
        if key in LABELS_OF_HELM + ANNOTATIONS_OF_HELM:
            continue
        if key == "configMap":
            each = {**each, "name": "-".join(each["name"].split("-")[:2])}
        each = normalised(each)
        if key in ("labels", "annotations") and not each:
            continue
        result[key] = each
    return result


def by_name(documents, kind):
    result = {}
    for document in of_kind(documents, kind):
        content = normalised(document)
        if kind == "CustomResourceDefinition":
            content["metadata"].pop("labels", None)
        result[document["metadata"]["name"]] = content
    return result


def check_chart_and_kustomize_render_the_same(_):
    chart = [document for document in helm() if not is_test_hook(document)]
    config = kustomize("config/default")
    for kind in KINDS:
        ours, theirs = by_name(chart, kind), by_name(config, kind)
        assert ours and ours.keys() == theirs.keys(), f"{kind}: {ours.keys()} and {theirs.keys()}"
        for name, document in ours.items():
            assert document == theirs[name], f"{kind} {name}:\n{yaml.dump(document)}\n{yaml.dump(theirs[name])}"


def check_chart_and_kustomize_configure_the_operator_the_same(_):
    def configuration(documents):
        return yaml.safe_load(of_kind(documents, "ConfigMap")[0]["data"]["config.yaml"])

    assert configuration(helm()) == configuration(kustomize("config/default"))


def check_the_default_overlay_can_be_applied_over_the_charts_objects(cluster):
    install(cluster)
    # The selector of the chart's Deployment has Helm's release in it, and a selector does not change.
    cluster.kubectl("delete", "deployment", "patchwave", "-n", NAMESPACE, "--ignore-not-found")
    apply(cluster, kustomize("config/default"))
    account = f"--as=system:serviceaccount:{NAMESPACE}:patchwave"
    answer = cluster.kubectl("auth", "can-i", "list", "patchwaves.patchwave.dev", "--all-namespaces", account)
    assert answer.stdout.strip() == "yes", answer.stderr


def check_every_sample_can_be_applied(cluster):
    install(cluster)
    cluster.create_namespace("shop")
    samples = sorted((ROOT / "config" / "samples").glob("patchwave_*.yaml"))
    assert len(samples) >= 5
    for sample in samples:
        result = cluster.kubectl("apply", "--server-side", "--validate=strict", "-f", str(sample))
        assert result.returncode == 0, f"{sample.name}: {result.stderr}"
    assert len(kustomize("config/samples")) == len(samples)
    removed = cluster.kubectl("delete", *[f"--filename={sample}" for sample in samples])
    assert removed.returncode == 0, removed.stderr
