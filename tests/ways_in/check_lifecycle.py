"""The life of a Helm release on a real API server: installed, upgraded, refused, uninstalled, installed again."""

import json
import pathlib
import re
import shutil
import subprocess

import yaml

from control_plane import binary, eventually
from rendering import CHART, NAMESPACE, ROOT, run

SPACE = "lifecycle"
GROUP = "/apis/patchwave.dev/v1alpha1"
FINALIZER = "patchwave.dev/leave-workloads-whole"
PLURALS = {"PatchApproval": "patchapprovals", "Patch": "patches", "PatchPolicy": "patchpolicies",
           "PatchWave": "patchwaves", "NodeRecipe": "noderecipes"}


class Release:
    """One release named patchwave, and custom resources that people made."""

    def __init__(self, cluster):
        self.cluster = cluster
        cluster.create_namespace(SPACE)

    def helm(self, verb, *arguments):
        return run(binary("helm"), verb, f"--kubeconfig={self.cluster.kubeconfig}", f"--namespace={NAMESPACE}",
                   *arguments)

    def install(self, *arguments):
        self.helm("install", "patchwave", str(CHART), "--create-namespace", *arguments)

    def upgrade(self, *arguments, chart=CHART):
        self.helm("upgrade", "patchwave", str(chart), "--reset-values", *arguments)

    def revision(self):
        return json.loads(self.helm("list", "--output=json"))[0]["revision"]

    def manifest(self):
        return [document for document in yaml.safe_load_all(self.helm("get", "manifest", "patchwave")) if document]

    def there(self, document):
        """Whether the object is in the cluster."""
        result = self.cluster.kubectl("get", "-f", "-", "--output=name", "--ignore-not-found",
                                      text=yaml.safe_dump(document))
        assert result.returncode == 0, result.stderr
        return bool(result.stdout.strip())

    def get(self, path):
        answer = self.cluster.request("GET", path)
        assert answer.ok, answer.message
        return answer.object

    def custom_resource(self, kind, name, finalizers=()):
        """As the first sample of its kind, which is one that people would write."""
        samples = sorted((ROOT / "config" / "samples").glob("patchwave_*.yaml"))
        documents = [each for sample in samples for each in yaml.safe_load_all(sample.read_text())]
        document = next(each for each in documents if each["kind"] == kind)
        document["metadata"] = {"name": name, "namespace": SPACE, "finalizers": list(finalizers)}
        answer = self.cluster.request("POST", f"{GROUP}/namespaces/{SPACE}/{PLURALS[kind]}", document)
        assert answer.ok, answer.message
        return answer.object["metadata"]["uid"]

    def uid_of(self, kind, name):
        return self.get(f"{GROUP}/namespaces/{SPACE}/{PLURALS[kind]}/{name}")["metadata"]["uid"]


def release(cluster):
    if not hasattr(cluster, "release"):
        cluster.release = Release(cluster)
    return cluster.release


def deployment(cluster):
    return release(cluster).get(f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments/patchwave")


def configuration(cluster):
    found = release(cluster).get(f"/api/v1/namespaces/{NAMESPACE}/configmaps/patchwave-configuration")
    return yaml.safe_load(found["data"]["config.yaml"])


def check_helm_lint_finds_nothing(cluster):
    words = run(binary("helm"), "lint", "--strict", str(CHART))
    assert "0 chart(s) failed" in words, words


def check_installing_makes_every_object_and_serves_the_kinds(cluster):
    release(cluster).install()
    absent = [f"{each['kind']} {each['metadata']['name']}" for each in release(cluster).manifest()
              if not release(cluster).there(each)]
    assert not absent, absent
    served = f"{GROUP}/namespaces/{SPACE}/patchwaves"
    eventually(lambda: cluster.request("GET", served).ok, "the kinds are served")


def check_an_upgrade_with_other_values_changes_what_they_say_and_restarts_the_pods(cluster):
    before = deployment(cluster)
    # A Secret's Role in another namespace comes and goes with the value that asks for it.
    role = f"/apis/rbac.authorization.k8s.io/v1/namespaces/{SPACE}/roles/patchwave-pull-secrets"
    release(cluster).upgrade("--set", "replicaCount=3,config.logLevel=debug", "--set",
                             f"rbac.pullSecrets[0].namespace={SPACE},rbac.pullSecrets[0].names[0]=pull")
    after = deployment(cluster)
    assert after["spec"]["replicas"] == 3 and configuration(cluster)["logLevel"] == "debug"
    assert before["spec"]["template"]["metadata"] != after["spec"]["template"]["metadata"], "pods keep the old file"
    assert before["metadata"]["uid"] == after["metadata"]["uid"]
    assert release(cluster).get(role)["rules"][0]["resourceNames"] == ["pull"]
    release(cluster).upgrade()
    assert deployment(cluster)["spec"]["replicas"] == 2
    assert cluster.request("GET", role).status == 404


def check_the_upgrade_that_lets_nodes_be_patched_is_as_the_page_says(cluster):
    release(cluster)
    command, = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "docs" / "nodes.md").read_text(), re.DOTALL | re.MULTILINE)
    # Only tried: there is no controller here that would take the namespace away again.
    done = subprocess.run(["bash", "-euc", command.strip() + " --dry-run=server"], cwd=ROOT, text=True, timeout=120,
                          capture_output=True, check=False,
                          env={"PATH": f"{pathlib.Path(binary('helm')).parent}:/usr/bin:/bin", "HOME": str(cluster.folder),
                               "KUBECONFIG": str(cluster.kubeconfig)})
    assert done.returncode == 0, done.stderr
    assert "name: patchwave-node-jobs" in done.stdout and "namespace: patchwave-node-jobs" in done.stdout


def check_an_upgrade_changes_the_crds_and_keeps_what_people_wrote(cluster):
    uid = release(cluster).custom_resource("Patch", "kept")
    newer = cluster.folder / "newer-chart"
    shutil.copytree(CHART, newer)
    path = newer / "files" / "crds" / "patchwave.dev_patches.yaml"
    definition = yaml.safe_load(path.read_text())
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["newField"] = {"type": "string", "description": "Of a later version."}
    path.write_text(yaml.safe_dump(definition))
    release(cluster).upgrade(chart=newer)
    change = {"spec": {"newField": "x"}}
    where = f"{GROUP}/namespaces/{SPACE}/patches/kept?dryRun=All&fieldValidation=Strict"
    eventually(lambda: cluster.request("PATCH", where, change, content_type="application/merge-patch+json").ok,
               "the new field is served")
    assert release(cluster).uid_of("Patch", "kept") == uid


def check_an_upgrade_with_a_typo_is_refused_by_name_and_changes_nothing(cluster):
    revision, before = release(cluster).revision(), deployment(cluster)["metadata"]["resourceVersion"]
    try:
        release(cluster).upgrade("--set", "config.kubernetes.qsp=5")
    except AssertionError as error:
        assert "qsp" in str(error), error
    else:
        raise AssertionError("the typo is accepted")
    assert release(cluster).revision() == revision
    assert deployment(cluster)["metadata"]["resourceVersion"] == before


def check_uninstalling_is_not_held_up_by_finalizers_and_leaves_nothing_but_custom_resources(cluster):
    uids = {"PatchPolicy": release(cluster).custom_resource("PatchPolicy", "kept"),
            "PatchWave": release(cluster).custom_resource("PatchWave", "kept", [FINALIZER]),
            "Patch": release(cluster).uid_of("Patch", "kept")}
    documents = release(cluster).manifest()
    release(cluster).helm("uninstall", "patchwave", "--wait", "--timeout=30s")
    left = {f"{document['kind']} {document['metadata']['name']}" for document in documents
            if release(cluster).there(document)}
    assert left == {f"CustomResourceDefinition {plural}.patchwave.dev" for plural in PLURALS.values()}, left
    for kind, uid in uids.items():
        assert release(cluster).uid_of(kind, "kept") == uid
    assert not release(cluster).get(f"/api/v1/namespaces/{NAMESPACE}/secrets")["items"], "Helm's own record is gone"


def check_installing_again_takes_over_the_kinds_that_were_kept(cluster):
    uid = release(cluster).uid_of("PatchWave", "kept")
    release(cluster).install()
    assert release(cluster).uid_of("PatchWave", "kept") == uid
    # Whoever ends the wave by hand, as the troubleshooting page says, is not in the operator's debt.
    change = {"metadata": {"finalizers": None}}
    where = f"{GROUP}/namespaces/{SPACE}/patchwaves/kept"
    assert cluster.request("PATCH", where, change, content_type="application/merge-patch+json").ok
    assert cluster.request("DELETE", where).ok


def check_without_keeping_them_the_kinds_go_with_the_release(cluster):
    release(cluster).upgrade("--set", "crds.keep=false")
    release(cluster).helm("uninstall", "patchwave", "--wait", "--timeout=60s")
    gone = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/patches.patchwave.dev"
    eventually(lambda: cluster.request("GET", gone).status == 404, "the kinds are gone")
