"""A tag behind a password is looked up with what the workloads themselves pull with, where that was granted."""

import base64
import contextlib
import json

import pytest

from controlplane.kube_api import dockerconfigjson
from controlplane.operator_process import install_rights
from controlplane.processes import wait_until
from controlplane.registry import PASSWORD, USER, Registry, TokenServer
from shop import GOOD, OLD

SECRET = "registry-shop"
# A look-up that failed is repeated after 30 seconds.
RETRY_SECONDS = 60


@pytest.fixture(params=["basic", "token"])
def closed_registry(world, operator, request):
    """A registry that wants a password, which the operator's configuration does not have."""
    with contextlib.ExitStack() as stack:
        settings = {"plainHTTP": True}
        if request.param == "basic":
            registry = Registry(world.processes, "registry-basic", basic_auth=True).up()
        else:
            realm = stack.enter_context(TokenServer(world.state / "token"))
            registry = Registry(world.processes, "registry-token", token_realm=realm).up()
            settings["tokenServer"] = realm.host
        stack.callback(registry.down)
        operator.stop()
        operator.start(registries=[{"host": registry.host, **settings}])
        stack.callback(operator.stop)
        yield registry


def given_workload(shop, registry, **pod):
    """That nothing runs of it does not matter: it says how it would pull."""
    labels = {"app": "web"}
    container = {"name": "app", "image": f"{registry.host}/closed/web:{OLD}"}
    shop.given("apps/v1", "Deployment", "web", spec={
        "replicas": 0, "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [container], **pod}}})


def given_grant(shop):
    install_rights(shop.world.cluster, f"--set=rbac.pullSecrets[0].namespace={shop.namespace}",
                   f"--set=rbac.pullSecrets[0].names[0]={SECRET}")


def when_patch_appears(shop, registry):
    shop.given("patchwave.dev/v1alpha1", "Patch", "web",
               spec={"subject": {"image": f"{registry.host}/closed/web"}, "to": {"tag": GOOD}})


def then_digest(shop, digest):
    wait_until(lambda: (shop.get("Patch", "web").get("status") or {}).get("digest") == digest, RETRY_SECONDS,
               shop.describe)


def test_a_pull_secret_that_is_not_granted_is_named_and_used_once_it_is(shop, operator, closed_registry):
    digest = closed_registry.push("closed/web", GOOD)
    shop.given("v1", "Secret", SECRET, type="kubernetes.io/dockerconfigjson",
               data={".dockerconfigjson": dockerconfigjson(closed_registry.host, USER, PASSWORD)})
    given_workload(shop, closed_registry, imagePullSecrets=[{"name": SECRET}])
    when_patch_appears(shop, closed_registry)
    shop.then_condition("Patch", "web", "Ready", "False", f"Secret {shop.namespace}/{SECRET}", "rbac.pullSecrets")
    given_grant(shop)
    then_digest(shop, digest)
    assert PASSWORD not in operator.processes.log(operator.name).read_text()


def test_the_pull_secret_of_a_service_account_counts_where_the_pods_name_none(shop, closed_registry):
    digest = closed_registry.push("closed/web", GOOD)
    given_grant(shop)
    old_form = json.dumps({closed_registry.host: {"username": USER, "password": PASSWORD}}).encode()
    shop.given("v1", "Secret", SECRET, type="kubernetes.io/dockercfg",
               data={".dockercfg": base64.b64encode(old_form).decode()})
    shop.given("v1", "ServiceAccount", "puller", imagePullSecrets=[{"name": SECRET}])
    given_workload(shop, closed_registry, serviceAccountName="puller")
    when_patch_appears(shop, closed_registry)
    then_digest(shop, digest)
