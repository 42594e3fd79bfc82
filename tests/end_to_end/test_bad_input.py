"""Things that are broken, absent or too large: a clear message, no crash, recovery without a restart."""

import base64
import contextlib
import http.server
import json
import signal
import subprocess
import threading
import urllib.request
from pathlib import Path

import pytest
import yaml

from controlplane import pki
from controlplane.kube_api import dockerconfigjson
from controlplane.operator_process import Operator, install_rights, program
from controlplane.processes import wait_until
from controlplane.registry import CONFIG, MANIFEST, PASSWORD, USER, Registry, TokenServer, digest_of
from controlplane.world import World, kinds
from shop import GOOD, pause, wave_plan

ONE_WAVE = [wave_plan("all")]
OUTAGE_SECONDS = 60
HUGE_BYTES = 50 * 1024 * 1024


def malformed(path):
    path.write_text("clusters: [what is this")


def without_a_context(path):
    path.write_text("apiVersion: v1\nkind: Config\ncurrent-context: gone\n")


def missing(path):
    assert not path.exists()


def folder(path):
    path.mkdir()


@pytest.mark.parametrize("spoilt", [malformed, without_a_context, missing, folder], ids=lambda spoilt: spoilt.__name__)
def test_an_unreadable_kubeconfig_is_named_and_ends_the_program(tmp_path, spoilt):
    path = tmp_path / "kubeconfig"
    spoilt(path)
    answer = subprocess.run([program(), f"--kubeconfig={path}", "--namespace=patchwave-system"], capture_output=True,
                            text=True, timeout=30, check=False)
    assert answer.returncode > 0, "an exit code, not a signal"
    assert str(path) in answer.stderr


def names_of(crd):
    return yaml.safe_load(crd.read_text())["spec"]["names"]


def lacks(operator, crd):
    return f"cache {names_of(crd)['kind']}: not synced" in operator.not_ready()


def test_while_a_kind_is_missing_the_operator_says_which_and_it_starts_when_all_are_there(tmp_path):
    elsewhere = World(tmp_path / "world", outlive=False)
    elsewhere.up(nodes=1)
    try:
        operator = Operator(elsewhere, install_rights(elsewhere.cluster)).start(wait_ready=False)
        pid = elsewhere.processes.pid(operator.name)
        # Recipes are read when one is needed.
        *first, last = [path for path in kinds() if names_of(path)["plural"] != "noderecipes"]
        wait_until(lambda: all(lacks(operator, path) for path in (*first, last)), 30, operator.not_ready)
        elsewhere.install_kinds(first)
        wait_until(lambda: not any(lacks(operator, path) for path in first), 60, operator.not_ready)
        assert lacks(operator, last)
        assert names_of(last)["plural"] in operator.processes.last_words(operator.name, 1000), "the log names it too"
        elsewhere.install_kinds()
        operator.wait_ready(60)
        assert elsewhere.processes.pid(operator.name) == pid, "the same process went on"
    finally:
        elsewhere.down()


def test_a_policy_that_matches_nothing_names_the_field_and_takes_up_what_comes_to_match(shop, operator):
    shop.given_policy(waves=ONE_WAVE)

    def told():
        conditions = (shop.get("PatchPolicy", "shop").get("status") or {}).get("conditions", [])
        return any("spec.targets.workloads" in each["message"] for each in conditions)

    wait_until(told, 30, shop.describe)
    workload = shop.given_deployment()
    wait_until(lambda: not told(), 30, shop.describe)
    shop.wave(shop.when_patch_appears(GOOD)).reaches("Succeeded")
    shop.then_pods_run(workload, GOOD)


@contextlib.contextmanager
def restarted(operator, **overrides):
    """The operator with another configuration for a while."""
    operator.stop()
    operator.start(**overrides)
    try:
        yield
    finally:
        operator.stop()


def stand_bys(operator):
    return operator.processes.log(operator.name).read_text().count("standing by anew")


@pytest.mark.parametrize("competes", [True, False], ids=["leading", "alone"])
def test_the_operator_outlives_a_minute_without_the_api_server(shop, world, operator, competes):
    """A leader loses its lease and competes anew; one that is alone waits."""
    workload = shop.given_deployment()
    shop.given_policy(waves=[wave_plan("all", stepBake="10s")])
    election = operator.configuration()["leaderElection"] | {"enabled": competes}
    with restarted(operator, leaderElection=election):
        stood_by = stand_bys(operator)
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
        assert (stand_bys(operator) > stood_by) == competes


def patch_of(shop, repository, tag=GOOD):
    shop.given("patchwave.dev/v1alpha1", "Patch", "elsewhere", spec={"subject": {"image": repository}, "to": {"tag": tag}})
    return "elsewhere"


def test_a_registry_with_a_bad_certificate_is_named_and_answers_once_it_has_a_good_one(shop, world, operator):
    trusted, unknown = world.state / "trusted-authority", world.state / "unknown-authority"
    for folder in (trusted, unknown):
        pki.authority(folder)
        pki.server(folder, "registry")
    registry = Registry(world.processes, "registry-tls", tls=certificate_of(unknown)).up()
    try:
        with restarted(operator, registries=[{"host": registry.host, "caFile": str(trusted / "ca.crt")}]):
            pid = world.processes.pid(operator.name)
            patch = patch_of(shop, f"{registry.host}/shop/web")
            shop.then_condition("Patch", patch, "Ready", "False", registry.host, "certificate")
            registry.down()
            registry.tls = certificate_of(trusted)
            registry.up()
            # It has no such image; that it can say so is what the certificate decides.
            shop.then_condition("Patch", patch, "Ready", "False", registry.host, "push it or correct the name")
            assert world.processes.pid(operator.name) == pid, "the same process went on"
    finally:
        registry.down()


def certificate_of(folder):
    return folder / "registry.crt", folder / "registry.key"


class Flooding:
    """Answers every question with far more than is due until `flooding` is false, then with `answer(method, path, body)`:
    headers and body."""

    def __init__(self, content_type, answer):
        self.flooding = True
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler(content_type, answer))

    @property
    def host(self):
        return f"127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def _handler(flood, content_type, answer):  # noqa: N805 - the inner class has the self that matters
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers, body = ({}, None) if flood.flooding else answer(self.command, self.path, asked)
                self.send_response(200)
                for name, value in {"Content-Type": content_type, **headers}.items():
                    self.send_header(name, value)
                if body is not None:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with contextlib.suppress(OSError):
                    if body is not None:
                        self.wfile.write(body)
                        return
                    for _ in range(HUGE_BYTES // 65536):
                        self.wfile.write(b" " * 65536)

            do_POST = do_GET

            def do_HEAD(self):
                self.send_error(405)

            def log_message(self, *_):
                pass

        return Handler


def a_manifest(*_):
    nothing = {"mediaType": CONFIG, "digest": digest_of(b"{}"), "size": 2}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": nothing, "layers": []}).encode()
    return {"Docker-Content-Digest": digest_of(manifest)}, manifest


def as_told_by(url):
    """What the server behind `url` answers."""
    def answer(method, path, body):
        question = urllib.request.Request(url + path, data=body or None, method=method)
        with urllib.request.urlopen(question, timeout=5) as response:
            return {}, response.read()
    return answer


def peak_mebibytes(pid):
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def test_an_answer_of_a_registry_that_is_far_too_large_is_refused_without_the_memory_for_it(shop, world, operator):
    with Flooding(MANIFEST, a_manifest) as registry, \
            restarted(operator, registries=[{"host": registry.host, "plainHTTP": True}]):
        pid = world.processes.pid(operator.name)
        patch = patch_of(shop, f"{registry.host}/shop/web")
        shop.then_condition("Patch", patch, "Ready", "False", registry.host)
        registry.flooding = False
        wait_until(lambda: (shop.get("Patch", patch).get("status") or {}).get("digest"), 90, shop.describe)
        assert world.processes.pid(operator.name) == pid, "no crash, and the same process went on"
        assert peak_mebibytes(pid) < 100


def test_an_answer_of_prometheus_that_is_far_too_large_holds_the_wave_and_costs_no_memory(shop, world, operator):
    workload = shop.given_deployment()
    with Flooding("application/json", as_told_by(world.telemetry.prometheus_url)) as prometheus, \
            restarted(operator, prometheus={"url": f"http://{prometheus.host}", "queryInterval": "1s"}):
        pid = world.processes.pid(operator.name)
        shop.given_policy(waves=ONE_WAVE)
        wave = shop.wave(shop.when_patch_appears(GOOD))
        wave.holds("NoData")
        assert "over the limit" in wave.status("hold")["message"], shop.describe()
        prometheus.flooding = False
        wave.reaches("Succeeded")
        shop.then_pods_run(workload, GOOD)
        assert world.processes.pid(operator.name) == pid, "no crash, and the same process went on"
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
