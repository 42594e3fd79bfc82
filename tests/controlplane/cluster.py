"""etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok on free loopback ports."""

import concurrent.futures
import json
import secrets
import subprocess
from dataclasses import dataclass
from pathlib import Path

import yaml

from controlplane import pki
from controlplane.kube_api import ApiError, KubeApi, kubeconfig
from controlplane.processes import free_ports, wait_until

HERE = Path(__file__).resolve().parent
SERVICE_RANGE = "10.96.0.0/16"
API_SERVICE = "10.96.0.1"  # of the Service "kubernetes": the first address of the range
POD_RANGE = "10.64.0.0/16"
# Longer than any test stops a part of the control plane: nodes are not what those tests are about.
NODE_GRACE = "10m"
# People for tests: a name and the groups. They have no rights but those that a test gives them.
PEOPLE = ("jane@example.com", "mallory@example.com")
# A bound for a machine that builds at the same time; alone it takes about four seconds.
START_SECONDS = 180
COMPONENTS = ("kwok", "kube-scheduler", "kube-controller-manager", "kube-apiserver", "etcd")


def binaries():
    """The folder of the control-plane programs; builds those that lack."""
    answer = subprocess.run([HERE / "binaries.sh"], check=True, stdout=subprocess.PIPE, text=True)
    return Path(answer.stdout.strip())


@dataclass(frozen=True)
class Profile:
    """In what one control plane differs from another."""

    authorization: str = "RBAC"
    api_server_flags: tuple = ()
    api_server_names: tuple = ()  # further names in its certificate, as openssl writes them
    node_grace: str = NODE_GRACE
    fake_node_taints: tuple = ()


class Cluster:
    def __init__(self, processes, steps, profile=Profile()):
        self.profile = profile
        self.state = processes.state
        self.processes = processes
        self.steps = steps
        self.pki = self.state / "pki"
        self._description = self.state / "cluster.json"

    @property
    def described(self):
        return json.loads(self._description.read_text())

    @property
    def server(self):
        return self.described["server"]

    @property
    def admin_kubeconfig(self):
        return self.state / "admin.kubeconfig"

    @property
    def audit_log_path(self):
        return self.state / "audit.log"

    @property
    def api(self):
        return KubeApi(self.admin_kubeconfig)

    def up(self, nodes, audit_webhook=None, audit_log=None):
        """`audit_log` is a list of audit rules: what they choose is written to `audit_log_path`, a JSON line a request."""
        programs = binaries()
        with self.steps.step("certificates"):
            pki.control_plane(self.pki, self.profile.api_server_names)
        etcd, peer, api = free_ports(3)
        tokens = {person: secrets.token_hex(16) for person in PEOPLE}
        self._description.write_text(json.dumps(
            {"server": f"https://127.0.0.1:{api}", "binaries": str(programs), "tokens": tokens}))
        self._write_kubeconfigs(tokens)
        with self.steps.step("etcd and kube-apiserver are ready"):
            self._start_etcd(programs, etcd, peer)
            self._start_api_server(programs, api, etcd, audit_webhook, audit_log)
            wait_until(self._api_ready, START_SECONDS, lambda: "kube-apiserver ready\n" + self.processes.last_words("kube-apiserver"))
        with self.steps.step(f"controllers, scheduler and {nodes} nodes are ready"):
            self._start_the_others(programs)
            self.add_nodes(nodes)
            wait_until(lambda: self._ready_nodes() >= nodes, START_SECONDS, f"{nodes} nodes Ready")
            wait_until(lambda: self.api.find("ServiceAccount", "default", "default"), START_SECONDS, "service accounts made")

    def down(self):
        self.processes.stop(*COMPONENTS)

    def add_nodes(self, count):
        existing = {node["metadata"]["name"] for node in self.api.list("Node")}
        names = [name for name in (f"node-{index}" for index in range(count)) if name not in existing]
        api = self.api
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda name: api.create(_node(name, self.profile.fake_node_taints)), names))

    def kubeconfig_for_token(self, name, token, namespace="default"):
        """Writes a kubeconfig of a bearer token and returns its path."""
        path = self.state / f"{name}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(kubeconfig(self.server, self.pki / "ca.crt", {"token": token}, namespace))
        return path

    def kubectl(self, *words, stdin=None, user="admin"):
        command = [f"{self.described['binaries']}/kubectl", f"--kubeconfig={self.state}/{user}.kubeconfig", *words]
        answer = subprocess.run(command, input=stdin, text=True, capture_output=True, check=False)
        if answer.returncode:
            raise RuntimeError(f"kubectl {' '.join(words)}: {answer.stderr.strip()}")
        return answer.stdout

    def _write_kubeconfigs(self, tokens):
        for name in pki.CLIENTS:
            user = {"client-certificate": str(self.pki / f"{name}.crt"), "client-key": str(self.pki / f"{name}.key")}
            (self.state / f"{name}.kubeconfig").write_text(kubeconfig(self.server, self.pki / "ca.crt", user))
        for person, token in tokens.items():
            self.kubeconfig_for_token(person, token)
        lines = [f'{token},{person},{person}\n' for person, token in tokens.items()]
        path = self.state / "tokens.csv"
        path.touch(mode=0o600)
        path.write_text("".join(lines))

    def _start_etcd(self, programs, client, peer):
        self.processes.start("etcd", [
            programs / "etcd", f"--data-dir={self.state}/etcd", "--unsafe-no-fsync", "--quota-backend-bytes=8589934592",
            f"--listen-client-urls=http://127.0.0.1:{client}", f"--advertise-client-urls=http://127.0.0.1:{client}",
            f"--listen-peer-urls=http://127.0.0.1:{peer}", f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
            f"--initial-cluster=default=http://127.0.0.1:{peer}", "--log-level=warn"])

    def _start_api_server(self, programs, port, etcd, audit_webhook, audit_log):
        key, public = self.pki / "service-account.key", self.pki / "service-account.pub"
        flags = [
            f"--etcd-servers=http://127.0.0.1:{etcd}", "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
            f"--secure-port={port}", "--endpoint-reconciler-type=none", f"--authorization-mode={self.profile.authorization}",
            f"--token-auth-file={self.state}/tokens.csv", f"--client-ca-file={self.pki}/ca.crt",
            f"--tls-cert-file={self.pki}/kube-apiserver.crt", f"--tls-private-key-file={self.pki}/kube-apiserver.key",
            "--service-account-issuer=https://kubernetes.default.svc", f"--service-account-key-file={public}",
            f"--service-account-signing-key-file={key}", f"--service-cluster-ip-range={SERVICE_RANGE}",
            "--allow-privileged=true", "--max-requests-inflight=800", "--max-mutating-requests-inflight=400",
            "--profiling=false", "--v=1", *self.profile.api_server_flags]
        if audit_webhook:
            flags += self._audit_flags(audit_webhook)
        if audit_log:
            flags += self._audit_log_flags(audit_log)
        self.processes.start("kube-apiserver", [programs / "kube-apiserver", *flags])

    def _audit_flags(self, url):
        """Every write of the operator's account is told to `url` before it is carried out, and again after: the API
        server waits for the answer, so a test can stop the operator at exactly that point."""
        policy, config = self.state / "audit-policy.yaml", self.state / "audit-webhook.kubeconfig"
        policy.write_text(yaml.safe_dump({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["ResponseStarted"],
            "rules": [
                {"level": "Request", "userGroups": ["system:serviceaccounts:patchwave-system"],
                 "verbs": ["create", "update", "patch", "delete"]},
                {"level": "None"}]}))
        config.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "audit",
            "clusters": [{"name": "audit", "cluster": {"server": url}}],
            "users": [{"name": "audit", "user": {}}],
            "contexts": [{"name": "audit", "context": {"cluster": "audit", "user": "audit"}}]}))
        return [f"--audit-policy-file={policy}", f"--audit-webhook-config-file={config}", "--audit-webhook-mode=blocking",
                "--audit-webhook-initial-backoff=50ms"]

    def _audit_log_flags(self, rules):
        policy = self.state / "audit-log-policy.yaml"
        policy.write_text(yaml.safe_dump({
            "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived", "ResponseStarted"],
            "rules": [*rules, {"level": "None"}]}))
        return [f"--audit-policy-file={policy}", f"--audit-log-path={self.audit_log_path}"]

    def _start_the_others(self, programs):
        self.processes.start("kube-controller-manager", [
            programs / "kube-controller-manager", f"--kubeconfig={self.state}/kube-controller-manager.kubeconfig",
            "--use-service-account-credentials", f"--service-account-private-key-file={self.pki}/service-account.key",
            f"--root-ca-file={self.pki}/ca.crt", "--leader-elect=false", "--secure-port=0", "--kube-api-qps=300",
            "--kube-api-burst=600", "--horizontal-pod-autoscaler-sync-period=1s", "--concurrent-deployment-syncs=20",
            f"--node-monitor-grace-period={self.profile.node_grace}", "--v=1"])
        scheduler = self.state / "scheduler.yaml"
        scheduler.write_text(yaml.safe_dump({
            "apiVersion": "kubescheduler.config.k8s.io/v1", "kind": "KubeSchedulerConfiguration",
            "leaderElection": {"leaderElect": False},
            "clientConnection": {"kubeconfig": f"{self.state}/kube-scheduler.kubeconfig", "qps": 500, "burst": 1000}}))
        self.processes.start("kube-scheduler", [
            programs / "kube-scheduler", f"--config={scheduler}", "--secure-port=0", "--v=1"])
        self.processes.start("kwok", [
            programs / "kwok", f"--kubeconfig={self.admin_kubeconfig}", f"--config={HERE / 'kwok.yaml'}",
            "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake", "--node-lease-duration-seconds=40",
            f"--cidr={POD_RANGE}", "--node-ip=192.0.2.1"])

    def _api_ready(self):
        self.processes.require("kube-apiserver")
        return self.api.healthy()

    def _ready_nodes(self):
        for name in ("kwok", "kube-controller-manager", "kube-scheduler"):
            self.processes.require(name)
        try:
            nodes = self.api.list("Node")
        except (ApiError, OSError):
            return 0
        return sum(any(condition["type"] == "Ready" and condition["status"] == "True"
                       for condition in node["status"].get("conditions", [])) for node in nodes)


def _node(name, taints=()):
    return {
        "apiVersion": "v1", "kind": "Node", "spec": {"taints": list(taints)},
        "metadata": {
            "name": name, "annotations": {"kwok.x-k8s.io/node": "fake"},
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
                       "pool": "workers", "type": "kwok"}}}
