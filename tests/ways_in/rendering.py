"""Manifests as the chart and kustomize render them."""

import pathlib
import subprocess

import yaml

from control_plane import binary

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "charts" / "patchwave"
NAMESPACE = "patchwave-system"
# The API server of a test build can't always say its version, so Helm is told one.
KUBERNETES = "1.36.0"


def run(*command):
    result = subprocess.run(command, text=True, capture_output=True, timeout=120, check=False)
    if result.returncode != 0:
        raise AssertionError(result.stderr.strip())
    return result.stdout


def helm(*arguments, release="patchwave"):
    text = run(binary("helm"), "template", release, str(CHART), f"--namespace={NAMESPACE}",
               f"--kube-version={KUBERNETES}", *arguments)
    return [document for document in yaml.safe_load_all(text) if document]


def kustomize(folder):
    return [document for document in yaml.safe_load_all(run(binary("kubectl"), "kustomize", str(ROOT / folder)))
            if document]


def of_kind(documents, kind, name=None):
    return [document for document in documents
            if document["kind"] == kind and name in (None, document["metadata"]["name"])]


def is_test_hook(document):
    return "helm.sh/hook" in document["metadata"].get("annotations", {})


def apply(cluster, documents, *flags):
    result = cluster.kubectl("apply", "--server-side", "--force-conflicts", *flags, "-f", "-",
                             text=yaml.safe_dump_all(documents))
    assert result.returncode == 0, result.stderr


def install(cluster):
    """Applies the chart as an installation would, once."""
    if getattr(cluster, "installed", False):
        return
    cluster.create_namespace(NAMESPACE)
    documents = [document for document in helm() if not is_test_hook(document)]
    definitions = of_kind(documents, "CustomResourceDefinition")
    apply(cluster, definitions)
    names = [f"crd/{definition['metadata']['name']}" for definition in definitions]
    cluster.kubectl("wait", "--for=condition=Established", "--timeout=30s", *names)
    apply(cluster, [document for document in documents if document not in definitions])
    cluster.installed = True
