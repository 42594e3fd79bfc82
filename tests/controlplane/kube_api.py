"""As much of a Kubernetes client as tests need, on the standard library."""

import base64
import contextlib
import http.client
import json
import ssl
import threading
import urllib.parse
from pathlib import Path

import yaml

# kind: (group and version, plural, namespaced)
KINDS = {
    "Namespace": ("v1", "namespaces", False),
    "Node": ("v1", "nodes", False),
    "Pod": ("v1", "pods", True),
    "Service": ("v1", "services", True),
    "Ingress": ("networking.k8s.io/v1", "ingresses", True),
    "Secret": ("v1", "secrets", True),
    "ConfigMap": ("v1", "configmaps", True),
    "EndpointSlice": ("discovery.k8s.io/v1", "endpointslices", True),
    "ServiceAccount": ("v1", "serviceaccounts", True),
    "Event": ("events.k8s.io/v1", "events", True),
    "Deployment": ("apps/v1", "deployments", True),
    "ReplicaSet": ("apps/v1", "replicasets", True),
    "StatefulSet": ("apps/v1", "statefulsets", True),
    "DaemonSet": ("apps/v1", "daemonsets", True),
    "Job": ("batch/v1", "jobs", True),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "horizontalpodautoscalers", True),
    "PodDisruptionBudget": ("policy/v1", "poddisruptionbudgets", True),
    "Lease": ("coordination.k8s.io/v1", "leases", True),
    "Role": ("rbac.authorization.k8s.io/v1", "roles", True),
    "RoleBinding": ("rbac.authorization.k8s.io/v1", "rolebindings", True),
    "ClusterRole": ("rbac.authorization.k8s.io/v1", "clusterroles", False),
    "ClusterRoleBinding": ("rbac.authorization.k8s.io/v1", "clusterrolebindings", False),
    "CustomResourceDefinition": ("apiextensions.k8s.io/v1", "customresourcedefinitions", False),
    "PatchPolicy": ("patchwave.dev/v1alpha1", "patchpolicies", True),
    "Patch": ("patchwave.dev/v1alpha1", "patches", True),
    "PatchWave": ("patchwave.dev/v1alpha1", "patchwaves", True),
    "PatchApproval": ("patchwave.dev/v1alpha1", "patchapprovals", True),
    "NodeRecipe": ("patchwave.dev/v1alpha1", "noderecipes", True),
}
MERGE = "application/merge-patch+json"
APPLY = "application/apply-patch+yaml"


class ApiError(Exception):
    def __init__(self, code, reason, message):
        super().__init__(f"{code} {reason}: {message}")
        self.code, self.reason, self.message = code, reason, message


def path_of(kind, namespace=None, name=None, subresource=None):
    version, plural, namespaced = KINDS[kind]
    words = ["api" if version == "v1" else "apis", version]
    if namespaced and namespace:
        words += ["namespaces", namespace]
    words += [word for word in (plural, name, subresource) if word]
    return "/" + "/".join(words)


class KubeApi:
    """One user of one API server. Threads may share it; each has its own connection."""

    def __init__(self, kubeconfig, timeout=30):
        config = yaml.safe_load(Path(kubeconfig).read_text())
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self._address = urllib.parse.urlsplit(cluster["server"])
        self._context = ssl.create_default_context(cafile=cluster["certificate-authority"])
        if "client-certificate" in user:
            self._context.load_cert_chain(user["client-certificate"], user["client-key"])
        self._headers = {"Authorization": f"Bearer {user['token']}"} if "token" in user else {}
        self._timeout = timeout
        self._local = threading.local()

    def request(self, method, path, body=None, content_type="application/json"):
        data = None if body is None else json.dumps(body).encode()
        headers = {**self._headers, "Accept": "application/json", "Content-Type": content_type}
        for attempt in (1, 2):
            connection = self._connection()
            try:
                connection.request(method, path, data, headers)
                response = connection.getresponse()
                return self._answer(response.status, response.read())
            except (http.client.HTTPException, OSError):
                # An idle connection that the server closed; a read may be asked again, a write only if unsent.
                self._local.connection = None
                if attempt == 2 or method not in ("GET", "PATCH"):
                    raise
        raise AssertionError("unreachable")

    def get(self, kind, name, namespace=None):
        return self.request("GET", path_of(kind, namespace, name))

    def find(self, kind, name, namespace=None):
        """The object, or None when there is none."""
        with contextlib.suppress(ApiErrorNotFound):
            return self.get(kind, name, namespace)
        return None

    def list(self, kind, namespace=None, selector=None):
        query = f"?labelSelector={urllib.parse.quote(selector)}" if selector else ""
        return self.request("GET", path_of(kind, namespace) + query)["items"]

    def create(self, manifest):
        metadata = manifest["metadata"]
        return self.request("POST", path_of(manifest["kind"], metadata.get("namespace")), manifest)

    def apply(self, manifest, manager="tests", force=True):
        metadata = manifest["metadata"]
        path = path_of(manifest["kind"], metadata.get("namespace"), metadata["name"])
        return self.request("PATCH", f"{path}?fieldManager={manager}&force={str(force).lower()}", manifest, APPLY)

    def patch(self, kind, name, namespace, body, subresource=None, manager="tests"):
        path = path_of(kind, namespace, name, subresource)
        return self.request("PATCH", f"{path}?fieldManager={manager}", body, MERGE)

    def delete(self, kind, name, namespace=None):
        with contextlib.suppress(ApiErrorNotFound):
            self.request("DELETE", path_of(kind, namespace, name))

    def create_token(self, service_account, namespace, seconds=7200):
        path = path_of("ServiceAccount", namespace, service_account, "token")
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": seconds}}
        return self.request("POST", path, body)["status"]["token"]

    def healthy(self):
        try:
            connection = self._connect(timeout=1)
            connection.request("GET", "/readyz", headers=self._headers)
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def watch(self, kind, resource_version, seconds=300):
        """Events, one by one, until the server ends the stream. Its own connection."""
        connection = self._connect(timeout=seconds + 30)
        query = f"?watch=1&allowWatchBookmarks=1&resourceVersion={resource_version}&timeoutSeconds={seconds}"
        with contextlib.closing(connection):
            connection.request("GET", path_of(kind) + query, headers=self._headers)
            response = connection.getresponse()
            if response.status != 200:
                self._answer(response.status, response.read())
            for line in response:
                yield json.loads(line)

    def _connect(self, timeout):
        return http.client.HTTPSConnection(self._address.hostname, self._address.port, context=self._context,
                                           timeout=timeout)

    def _connection(self):
        if getattr(self._local, "connection", None) is None:
            self._local.connection = self._connect(self._timeout)
        return self._local.connection

    @staticmethod
    def _answer(status, data):
        try:
            body = json.loads(data) if data else {}
        except ValueError:
            body = {"message": data[:500].decode(errors="replace")}
        if status < 300:
            return body
        kind = ApiErrorNotFound if status == 404 else ApiError
        raise kind(status, body.get("reason", ""), body.get("message", ""))


class ApiErrorNotFound(ApiError):
    """There is no such object (or no such kind)."""


def kubeconfig(server, ca, user, namespace="default"):
    """The text of a kubeconfig file with one cluster, one user and one context."""
    return yaml.safe_dump({
        "apiVersion": "v1", "kind": "Config", "current-context": "patchwave",
        "clusters": [{"name": "patchwave", "cluster": {"server": server, "certificate-authority": str(ca)}}],
        "users": [{"name": "user", "user": user}],
        "contexts": [{"name": "patchwave", "context": {"cluster": "patchwave", "user": "user", "namespace": namespace}}],
    }, sort_keys=False)


def dockerconfigjson(registry, user, password):
    """The data of a pull secret for one registry."""
    auth = base64.b64encode(f"{user}:{password}".encode()).decode()
    entry = {"username": user, "password": password, "auth": auth}
    return base64.b64encode(json.dumps({"auths": {registry: entry}}).encode()).decode()
