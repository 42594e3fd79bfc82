"""One Deployment of the storefront under a policy, and how to watch what becomes of it."""

from controlplane.kube_api import ApiError
from controlplane.processes import wait_until
from demo.stage import WORST_POD_ERROR_RATIO
from storefront.storefront import OLD, REPOSITORY, Visitors, deployment, service

SECONDS = 150
ENDS = ("Succeeded", "RolledBack", "RollbackFailed", "Cancelled")


class ShoppingStreet:
    def __init__(self, world, namespace, digests, bake="5s"):
        self.world, self.api = world, world.api
        self.bake = bake
        self.namespace, self.digests = namespace, digests
        self.repository = f"{world.registry.host}/{REPOSITORY}"
        self.visitors = Visitors(world, namespace)

    def open(self, replicas=3):
        self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        self.api.create(deployment(self.namespace, "web", f"{self.repository}:{OLD}", replicas))
        made = self.api.create(service(self.namespace, "web"))
        self.wait(lambda: self.all_run(OLD), f"{OLD} runs everywhere")
        self.visitors.start(made, requests_per_second=40)
        self._create("PatchPolicy", "street", {
            "mode": "Automatic", "targets": {"workloads": {"images": [self.repository]}},
            "waves": [{"name": "all", "steps": ["1", "100%"], "maxUnavailable": "50%", "stepBake": "6s", "bake": self.bake,
                       "progressDeadline": "60s"}],
            "gates": [{"name": "errors", "interval": "1s",
                       "threshold": {"query": WORST_POD_ERROR_RATIO, "below": "0.05", "for": "3s"}}]})

    def close(self):
        self.visitors.stop()
        self.world.cluster.kubectl("delete", "namespace", self.namespace, "--wait=false")

    def publish(self, tag, digest=None):
        """With the digest the operator needs no registry."""
        to = {"tag": tag, **({"digest": digest} if digest else {})}
        self._create("Patch", f"web-{tag}", {"subject": {"image": self.repository}, "to": to})

    def wait(self, question, what):
        return wait_until(self._patiently(question), SECONDS, lambda: f"{what}; {self.story()}")

    def wave(self):
        waves = self.api.list("PatchWave", self.namespace)
        return waves[0] if waves else {"status": {}}

    def phase(self):
        return (self.wave().get("status") or {}).get("phase", "Pending")

    def hold(self):
        return ((self.wave().get("status") or {}).get("hold") or {}).get("reason", "")

    def ends_as(self, phase):
        ended = self.wait(lambda: self.phase() in ENDS and self.phase(), f"the wave ends as {phase}")
        assert ended == phase, self.story()

    def pods(self):
        return [pod for pod in self.api.list("Pod", self.namespace) if "deletionTimestamp" not in pod["metadata"]]

    def canary(self):
        """The canary's pod once it runs on a machine, else None."""
        return next((pod for pod in self.pods() if pod["metadata"]["labels"].get("patchwave.dev/track") == "canary"
                     and pod.get("status", {}).get("phase") == "Running"), None)

    def cannot_pull(self):
        return any((status.get("state", {}).get("waiting") or {}).get("reason") in ("ErrImagePull", "ImagePullBackOff")
                   for pod in self.pods() for status in pod.get("status", {}).get("containerStatuses", []))

    def all_run(self, version):
        """As the machines say: every container's image has the digest of that version, and is ready; no canary is left."""
        pods = self.pods()
        statuses = [status for pod in pods for status in pod.get("status", {}).get("containerStatuses", [])]
        return len(pods) == len(statuses) == 3 and self.canary() is None and all(
            status["ready"] and status["imageID"].endswith("@" + self.digests[version]) for status in statuses)

    def story(self):
        """For an assertion's message: where the wave stands and what the pods do."""
        status = self.wave().get("status") or {}
        pods = [(pod["metadata"]["name"], pod.get("status", {}).get("phase"), pod["spec"].get("nodeName"))
                for pod in self.pods()]
        return f"wave {status.get('phase')}, hold {status.get('hold')}, harm {status.get('harm')}, pods {pods}"

    def _create(self, kind, name, spec):
        self.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": kind, "spec": spec,
                         "metadata": {"name": name, "namespace": self.namespace}})

    @staticmethod
    def _patiently(question):
        def asked():
            try:
                return question()
            except (ApiError, OSError):
                return None
        return asked
