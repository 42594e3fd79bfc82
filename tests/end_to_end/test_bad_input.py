"""Things that are broken, absent or too large: a clear message, no crash, recovery without a restart."""

import base64
import contextlib
import http.server
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from controlplane import pki
from controlplane.kube_api import dockerconfigjson
from controlplane.operator_process import Operator, install_rights, program
from controlplane.processes import wait_until
from controlplane.registry import PASSWORD, USER, Registry, TokenServer
from controlplane.world import World
from shop import GOOD, pause, wave_plan

ONE_WAVE = [wave_plan("all")]
OUTAGE_SECONDS = 60
HUGE_BYTES = 50 * 1024 * 1024


def test_an_unreadable_kubeconfig_is_named_and_ends_the_program(tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text("clusters: [what is this")
    answer = subprocess.run([program(), f"--kubeconfig={path}", "--namespace=patchwave-system"], capture_output=True,
                            text=True, timeout=30, check=False)
    assert answer.returncode > 0, "an exit code, not a signal"
    assert str(path) in answer.stderr


def test_without_its_kinds_the_operator_says_so_and_starts_when_they_come(world, tmp_path):
    elsewhere = World(tmp_path / "world", outlive=False)
    elsewhere.up(nodes=1)
    try:
        operator = Operator(elsewhere, install_rights(elsewhere.cluster))
        operator.start(wait_ready=False)
        wait_until(lambda: "patchwave.dev" in operator.processes.last_words(operator.name, 200), 30,
                   "the log names the missing kinds")
        assert operator.running
        elsewhere.install_kinds()
        operator.wait_ready(60)
    finally:
        elsewhere.down()


def test_a_policy_that_matches_nothing_says_so_and_names_the_field(shop, operator):
    shop.given_policy(waves=ONE_WAVE, targets={"workloads": {"images": ["registry.example.com/nothing/*"]}})

    def told():
        conditions = (shop.get("PatchPolicy", "shop").get("status") or {}).get("conditions", [])
        return any("spec.targets.workloads" in each["message"] for each in conditions)

    wait_until(told, 30, shop.describe)


@contextlib.contextmanager
def restarted(operator, **overrides):
    """The operator with another configuration for a while."""
    operator.stop()
    operator.start(**overrides)
    try:
        yield
    finally:
        operator.stop()


@pytest.mark.slow
def test_the_operator_outlives_a_minute_without_the_api_server(shop, world, operator):
    """Without an election: a leader that can't renew its lease ends itself, and its successor goes on."""
    workload = shop.given_deployment()
    shop.given_policy(waves=[wave_plan("all", stepBake="10s")])
    with restarted(operator, leaderElection={"enabled": False}):
        wave = shop.wave(shop.when_patch_appears(GOOD)).has_target("Canary")
        pid = world.processes.pid(operator.name)
        world.processes.signal("kube-apiserver", signal.SIGSTOP)
        try:
            pause(OUTAGE_SECONDS)
        finally:
            world.processes.signal("kube-apiserver", signal.SIGCONT)
        wait_until(world.api.healthy, 60, "the API server answers again")
        wave.reaches("Succeeded", within=180)
        shop.then_pods_run(workload, GOOD)
        assert world.processes.pid(operator.name) == pid, "the same process went on"


def patch_of(shop, repository, tag=GOOD):
    shop.given("patchwave.dev/v1alpha1", "Patch", "elsewhere", spec={"subject": {"image": repository}, "to": {"tag": tag}})
    return "elsewhere"


def test_a_registry_with_a_bad_certificate_is_named(shop, world, operator):
    folder = world.state / "unknown-authority"
    pki.authority(folder)
    pki.server(folder, "registry")
    registry = Registry(world.processes, "registry-tls", tls=(folder / "registry.crt", folder / "registry.key")).up()
    try:
        patch = patch_of(shop, f"{registry.host}/shop/web")
        shop.then_condition("Patch", patch, "Ready", "False", registry.host, "certificate")
        assert operator.running
    finally:
        registry.down()


@contextlib.contextmanager
def flooding_registry():
    """Answers every question with far more than is due."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
            self.end_headers()
            with contextlib.suppress(OSError):
                for _ in range(HUGE_BYTES // 65536):
                    self.wfile.write(b" " * 65536)

        def do_HEAD(self):
            self.send_error(405)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def peak_mebibytes(pid):
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def test_a_response_that_is_far_too_large_is_refused_without_the_memory_for_it(shop, world, operator):
    with flooding_registry() as host, restarted(operator, registries=[{"host": host, "plainHTTP": True}]):
        pid = world.processes.pid(operator.name)
        patch = patch_of(shop, f"{host}/shop/web")
        shop.then_condition("Patch", patch, "Ready", "False", host)
        assert world.processes.pid(operator.name) == pid, "no crash"
        assert peak_mebibytes(pid) < 100


@pytest.mark.parametrize("kind", ["basic", "token"])
def test_a_digest_is_found_behind_a_password(shop, world, operator, tmp_path, kind):
    with contextlib.ExitStack() as stack:
        elsewhere = {}
        if kind == "basic":
            registry = Registry(world.processes, "registry-basic", basic_auth=True).up()
        else:
            realm = stack.enter_context(TokenServer(world.state / "token"))
            registry = Registry(world.processes, "registry-token", token_realm=realm).up()
            elsewhere = {"tokenServer": realm.host}
        stack.callback(registry.down)
        digest = registry.push("closed/web", GOOD)
        credentials = tmp_path / "config.json"
        credentials.write_bytes(base64.b64decode(dockerconfigjson(registry.host, USER, PASSWORD)))
        stack.enter_context(restarted(operator, registries=[
            {"host": registry.host, "plainHTTP": True, "credentialsFile": str(credentials), **elsewhere}]))
        patch = patch_of(shop, f"{registry.host}/closed/web")
        wait_until(lambda: (shop.get("Patch", patch).get("status") or {}).get("digest") == digest, 30, shop.describe)
