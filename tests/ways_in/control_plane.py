"""An etcd and a kube-apiserver on loopback, for as long as the checks run."""

import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

START_SECONDS = 60
ADMIN = "admin"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def binary(name):
    """The program from KUBEBUILDER_ASSETS, the folder that the control plane was built into."""
    folder = os.environ.get("KUBEBUILDER_ASSETS")
    if not folder:
        raise SystemExit("KUBEBUILDER_ASSETS must name the folder with etcd, kube-apiserver, kubectl and helm")
    path = pathlib.Path(folder) / name
    if not path.exists():
        raise SystemExit(f"{path} is missing")
    return str(path)


class Answer:
    """What the API server said: a status and an object."""

    def __init__(self, status, text):
        self.status = status
        self.text = text
        self.ok = status < 300

    @property
    def object(self):
        return json.loads(self.text)

    @property
    def message(self):
        return self.object.get("message", "") if self.text.startswith("{") else self.text


class ControlPlane:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="patchwave-ways-in-"))
        self.processes = []
        self.tokens = {}

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in reversed(self.processes):
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _spawn(self, name, *arguments):
        log = open(self.folder / f"{name}.log", "wb")
        self.processes.append(
            subprocess.Popen([binary(name), *arguments], stdout=log, stderr=log, cwd=self.folder))

    def _start(self):
        client, peer, secure = free_port(), free_port(), free_port()
        for command in (["openssl", "genrsa", "-out", "sa.key", "2048"],
                        ["openssl", "rsa", "-in", "sa.key", "-pubout", "-out", "sa.pub"]):
            subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        people = [(ADMIN, "system:masters"), ("jane@example.com", ""), ("joe@example.com", ""), ("eve@example.com", "")]
        self.tokens = {name: f"token-of-{name}" for name, _ in people}
        (self.folder / "tokens.csv").write_text(
            "".join(f'{self.tokens[name]},{name},{name},"{groups}"\n' for name, groups in people))
        self._spawn("etcd", f"--data-dir={self.folder}/etcd", "--unsafe-no-fsync",
                    f"--listen-client-urls=http://127.0.0.1:{client}",
                    f"--advertise-client-urls=http://127.0.0.1:{client}",
                    f"--listen-peer-urls=http://127.0.0.1:{peer}",
                    f"--initial-advertise-peer-urls=http://127.0.0.1:{peer}",
                    f"--initial-cluster=default=http://127.0.0.1:{peer}")
        self._spawn("kube-apiserver", f"--etcd-servers=http://127.0.0.1:{client}", "--bind-address=127.0.0.1",
                    "--advertise-address=127.0.0.1", f"--secure-port={secure}",
                    f"--cert-dir={self.folder}/certificates", "--endpoint-reconciler-type=none",
                    "--authorization-mode=RBAC", "--token-auth-file=tokens.csv",
                    "--service-account-issuer=https://kubernetes.default.svc",
                    "--service-account-key-file=sa.pub", "--service-account-signing-key-file=sa.key",
                    "--service-cluster-ip-range=10.96.0.0/16", "--allow-privileged=true",
                    "--enable-admission-plugins=OwnerReferencesPermissionEnforcement")
        self.url = f"https://127.0.0.1:{secure}"
        self._wait_until_ready()
        self._write_kubeconfig()

    def _wait_until_ready(self):
        certificate = self.folder / "certificates" / "apiserver.crt"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            for process in self.processes:
                if process.poll() is not None:
                    raise SystemExit(f"{process.args[0]} ended with {process.returncode}")
            try:
                self.tls = ssl.create_default_context(cafile=str(certificate))
                if self.request("GET", "/readyz").ok:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise SystemExit("the API server did not become ready")

    def _write_kubeconfig(self):
        self.kubeconfig = self.folder / "kubeconfig"
        certificate = self.folder / "certificates" / "apiserver.crt"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "clusters": [{"name": "c", "cluster": {"server": self.url, "certificate-authority": str(certificate)}}],
            "users": [{"name": ADMIN, "user": {"token": self.tokens[ADMIN]}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": ADMIN}}]}))

    def request(self, method, path, body=None, user=ADMIN, content_type="application/json"):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=data, method=method)
        request.add_header("Authorization", f"Bearer {self.tokens[user]}")
        request.add_header("Content-Type", content_type)
        try:
            with urllib.request.urlopen(request, context=self.tls, timeout=30) as response:
                return Answer(response.status, response.read().decode())
        except urllib.error.HTTPError as error:
            return Answer(error.code, error.read().decode())

    def sign_in_service_account(self, namespace, name):
        """Gets a token of the service account; requests are then made in its name."""
        user = f"system:serviceaccount:{namespace}:{name}"
        answer = self.request("POST", f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token",
                              {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        self.tokens[user] = answer.object["status"]["token"]
        return user

    def kubectl(self, *arguments, text=None):
        return subprocess.run([binary("kubectl"), f"--kubeconfig={self.kubeconfig}", *arguments], input=text,
                              text=True, capture_output=True, timeout=60, check=False)

    def create_namespace(self, name):
        self.request("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace",
                                                    "metadata": {"name": name}})


def eventually(condition, what, seconds=20):
    """Admission policies take effect a moment after they are stored."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what}")
        time.sleep(0.1)
