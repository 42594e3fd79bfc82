"""The ground the other tests stand on: pods, metrics, alerts and registries behave as they are told to."""

import json
import subprocess
import urllib.error
import urllib.request

import pytest

from controlplane.kube_api import ApiError, KubeApi, dockerconfigjson
from controlplane.processes import wait_until
from controlplane.registry import PASSWORD, USER, Registry, TokenServer
from shop import BAD, CRASHING, OLD, UNPULLABLE, UNREADY, is_ready
from writes import COMPLETE, RECEIVED


def waiting_reason(pod):
    return [status["state"].get("waiting", {}).get("reason") for status in pod["status"].get("containerStatuses", [])]


def pod_of(shop, name, tag):
    shop.api.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": shop.namespace},
                     "spec": {"containers": [{"name": "app", "image": f"{shop.reference}:{tag}@{shop.digests[tag]}"}]}})
    return lambda: shop.get("Pod", name)


def test_pods_of_each_workload_kind_get_ready(shop):
    shop.given_deployment(replicas=3)
    shop.given_statefulset(replicas=2)
    shop.given_daemonset()


def test_images_fail_as_the_end_of_their_tag_says(shop):
    crashing = pod_of(shop, "crashing", CRASHING)
    unpullable = pod_of(shop, "unpullable", UNPULLABLE)
    unready = pod_of(shop, "unready", UNREADY)
    wait_until(lambda: waiting_reason(crashing()) == ["CrashLoopBackOff"], 15, "CrashLoopBackOff")
    wait_until(lambda: crashing()["status"]["containerStatuses"][0]["restartCount"] >= 2, 15, "restarts rise")
    wait_until(lambda: waiting_reason(unpullable()) == ["ImagePullBackOff"], 15, "ImagePullBackOff")
    assert unpullable()["status"]["phase"] == "Pending"
    wait_until(lambda: unready()["status"]["phase"] == "Running", 15, "Running")
    assert not is_ready(unready())


def test_prometheus_sees_the_errors_of_a_bad_image_and_raises_the_alert(shop, world):
    shop.given_deployment("web", replicas=1, tag=BAD)
    errors = f'rate(http_requests_total{{namespace="{shop.namespace}",code="500",image_tag="{BAD}"}}[5s])'
    wait_until(lambda: any(value > 5 for _, value in world.telemetry.query(errors)), 20, "errors are seen")
    alert = f'ALERTS{{alertstate="firing",severity="page",namespace="{shop.namespace}"}}'
    wait_until(lambda: world.telemetry.query(alert), 20, "the alert fires")


def test_prometheus_has_no_data_while_traffic_is_paused(shop, world):
    shop.given_deployment("web", replicas=1)
    series = f'http_requests_total{{namespace="{shop.namespace}"}}'
    wait_until(lambda: world.telemetry.query(series), 20, "metrics are there")
    world.telemetry.control(pause=True)
    wait_until(lambda: not world.telemetry.query(series), 20, "metrics are gone")
    world.telemetry.control(pause=False)
    wait_until(lambda: world.telemetry.query(series), 20, "metrics are back")


def test_an_autoscaler_raises_a_deployment_to_its_minimum(shop):
    shop.given_deployment(replicas=2)
    shop.given_autoscaler("web", 5, 8)
    wait_until(lambda: shop.spec_of(("Deployment", "web"))["replicas"] == 5, 30, "5 replicas")


def test_the_registry_answers_with_the_digest_that_was_pushed(shop, world):
    url = f"http://{world.registry.host}/v2/{shop.namespace}/web/manifests/{OLD}"
    request = urllib.request.Request(url, headers={"Accept": "application/vnd.oci.image.manifest.v1+json"})
    with urllib.request.urlopen(request, timeout=5) as response:
        assert response.headers["Docker-Content-Digest"] == shop.digests[OLD]
    assert len(set(shop.digests.values())) == len(shop.digests)


def test_an_index_of_several_platforms_can_be_inspected(shop, world):
    digest = world.registry.push(f"{shop.namespace}/many", "1.0.0", platforms=("linux/amd64", "linux/arm64"))
    raw = subprocess.run(["skopeo", "inspect", "--raw", "--tls-verify=false",
                          f"docker://{world.registry.host}/{shop.namespace}/many:1.0.0"],
                         check=True, stdout=subprocess.PIPE).stdout
    assert len(json.loads(raw)["manifests"]) == 2
    assert digest.startswith("sha256:")


def skopeo_digest(host, repository, tag, *credentials):
    return subprocess.run(["skopeo", "inspect", "--tls-verify=false", "--no-tags", *credentials, "--format={{.Digest}}",
                           f"docker://{host}/{repository}:{tag}"], check=True, stdout=subprocess.PIPE,
                          text=True).stdout.strip()


@pytest.fixture
def basic_registry(world):
    registry = Registry(world.processes, "registry-basic", basic_auth=True).up()
    yield registry
    registry.down()


@pytest.fixture
def token_registry(world):
    with TokenServer(world.state / "token") as realm:
        registry = Registry(world.processes, "registry-token", token_realm=realm).up()
        yield registry
        registry.down()


@pytest.mark.parametrize("kind", ["basic", "token"])
def test_a_closed_registry_opens_to_the_right_password_only(kind, request):
    registry = request.getfixturevalue(f"{kind}_registry")
    digest = registry.push("closed/web", OLD)
    with pytest.raises(urllib.error.HTTPError):
        urllib.request.urlopen(f"http://{registry.host}/v2/closed/web/manifests/{OLD}", timeout=5)
    assert skopeo_digest(registry.host, "closed/web", OLD, f"--creds={USER}:{PASSWORD}") == digest


def test_a_pull_secret_has_the_form_that_kubernetes_checks(shop):
    shop.api.create({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
                     "metadata": {"name": "pull", "namespace": shop.namespace},
                     "data": {".dockerconfigjson": dockerconfigjson("127.0.0.1:5000", USER, PASSWORD)}})


def test_people_have_no_rights_of_their_own(shop, world):
    jane = KubeApi(world.state / "jane@example.com.kubeconfig")
    with pytest.raises(ApiError, match="403"):
        jane.list("Pod", shop.namespace)


def test_a_write_of_the_operators_account_is_told_before_and_after_it_is_done(shop, world, writes):
    namespace = "patchwave-system"
    world.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
    wait_until(lambda: world.api.find("ServiceAccount", "default", namespace), 20, "the account")
    token = world.api.create_token("default", namespace)
    account = KubeApi(world.cluster.kubeconfig_for_token("probe", token))
    world.api.apply({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
                     "metadata": {"name": "probe", "namespace": shop.namespace},
                     "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"},
                     "subjects": [{"kind": "ServiceAccount", "name": "default", "namespace": namespace}]})
    there_when_told = {}
    writes.on_write(lambda write: there_when_told.update(
        {write.stage: world.api.find("ConfigMap", "probe", shop.namespace) is not None}))
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "probe", "namespace": shop.namespace}}
    wait_until(lambda: created(account, manifest), 10, "the right to write")
    wait_until(lambda: COMPLETE in there_when_told, 5, "told after the write")
    assert there_when_told == {RECEIVED: False, COMPLETE: True}


def created(api, manifest):
    try:
        return api.create(manifest)
    except ApiError as error:
        assert error.code == 403, error
        return None


def test_prometheus_comes_back_with_its_data(shop, world):
    shop.given_deployment("web", replicas=1)
    series = f'http_requests_total{{namespace="{shop.namespace}"}}'
    wait_until(lambda: world.telemetry.query(series), 20, "metrics are there")
    world.telemetry.stop_prometheus()
    with pytest.raises(OSError):
        world.telemetry.query("up")
    world.telemetry.start_prometheus()
    wait_until(lambda: world.telemetry.query(series), 20, "metrics are back")
