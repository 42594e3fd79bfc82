"""The shop that the demo patches: its workloads, its policy, and how to look at them."""

from controlplane.kube_api import ApiError
from controlplane.processes import wait_until
from demo.scene import KIND_ORDER, Pod, Snapshot

NAMESPACE = "shop"
OLD, GOOD, BAD = "1.4.2", "1.4.3", "1.4.4"
# The policy takes the smallest first, so the blog is the canary of the whole shop.
WORKLOADS = (("Deployment", "blog", 2), ("Deployment", "web", 6), ("StatefulSet", "cart", 3),
             ("DaemonSet", "edge", None))
KIND_OF = {name: kind for kind, name, _ in WORKLOADS}
WORST_POD_ERROR_RATIO = (
    'max(sum by (pod) (rate(http_requests_total{namespace="{{namespace}}",code=~"5.."}[5s]))'
    ' / sum by (pod) (rate(http_requests_total{namespace="{{namespace}}"}[5s])))')
SHORT = {"maxUnavailable": "100%", "stepBake": "4s", "bake": "5s", "progressDeadline": "30s"}


class Stage:
    workloads = WORKLOADS
    story_seconds = 150

    def __init__(self, world):
        self.world, self.api = world, world.api
        self.repository = f"{world.registry.host}/{NAMESPACE}/web"
        self.digests = {tag: world.registry.push(f"{NAMESPACE}/web", tag) for tag in (OLD, GOOD, BAD)}

    def set_up(self):
        self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        for kind, name, replicas in self.workloads:
            self._workload(kind, name, replicas)
        self._create("PatchPolicy", "storefront", policy(self.repository))
        wait_until(lambda: self.all_run(OLD), 60, f"all pods run {OLD}")

    def publish(self, tag):
        name = f"web-{tag}"
        self._create("Patch", name, {"subject": {"image": self.repository}, "to": {"tag": tag}})
        return name

    def look(self, title, elapsed, patch_name, version):
        """A snapshot of one patch's rollout."""
        try:
            patch = self.api.get("Patch", patch_name, NAMESPACE)
        except ApiError:
            patch = {"status": {}}
        return Snapshot(
            title=title, elapsed=elapsed, new_version=GOOD, bad_version=BAD if version == BAD else "",
            patch={"name": patch_name, "phase": patch.get("status", {}).get("phase") or "Pending",
                   "quarantine": patch.get("status", {}).get("quarantine")},
            waves=[wave_of(wave) for wave in self.waves(patch_name)], pods=self.pods(),
            workloads=[f"{kind} {name}" for kind, name, _ in self.workloads])

    def waves(self, patch_name):
        waves = [wave for wave in self.api.list("PatchWave", NAMESPACE) if wave["spec"]["patchRef"]["name"] == patch_name]
        return sorted(waves, key=lambda wave: wave["spec"]["order"])

    def pods(self):
        found = []
        for pod in self.api.list("Pod", NAMESPACE):
            if "deletionTimestamp" in pod["metadata"]:
                continue
            labels = pod["metadata"]["labels"]
            ready = any(each["type"] == "Ready" and each["status"] == "True"
                        for each in pod.get("status", {}).get("conditions", []))
            canary = labels.get("patchwave.dev/track") == "canary"
            app = labels["patchwave.dev/canary-of"] if canary else labels["app"]
            image = pod["spec"]["containers"][0]["image"]
            found.append(Pod(f"{KIND_OF[app]} {app}", self.version_of(image), ready, canary))
        return sorted(found, key=lambda pod: (KIND_ORDER.index(pod.workload.split()[0]), pod.workload))

    def version_of(self, image):
        """By digest when there is one: that is what runs, whatever the tag says."""
        digest = image.partition("@")[2]
        if digest:
            return next((tag for tag, known in self.digests.items() if known == digest), digest)
        return image.rpartition(":")[2]

    def all_run(self, version):
        """Every workload has all its pods, ready, on that version, and no canary copy is left."""
        pods = self.pods()
        if any(pod.canary or not pod.ready or pod.version != version for pod in pods):
            return False
        nodes = len(self.api.list("Node"))
        return all(sum(pod.workload == f"{kind} {name}" for pod in pods) == (replicas or nodes)
                   for kind, name, replicas in self.workloads)

    def pinned(self, version):
        """Whether each pod of the shop names the digest of that version."""
        return all(container["image"].endswith("@" + self.digests[version])
                   for pod in self.api.list("Pod", NAMESPACE) if "deletionTimestamp" not in pod["metadata"]
                   for container in pod["spec"]["containers"])

    def _workload(self, kind, name, replicas):
        labels = {"app": name}
        spec = {"selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels},
            "spec": {"terminationGracePeriodSeconds": 1,
                     "containers": [{"name": "app", "image": f"{self.repository}:{OLD}"}]}}}
        if replicas:
            spec["replicas"] = replicas
        if kind == "StatefulSet":
            spec["serviceName"] = name
        self.api.create({"apiVersion": "apps/v1", "kind": kind, "spec": spec,
                         "metadata": {"name": name, "namespace": NAMESPACE}})
        self.api.create({"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": NAMESPACE},
                         "spec": {"selector": labels, "ports": [{"port": 80}]}})

    def _create(self, kind, name, spec):
        self.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": kind, "spec": spec,
                         "metadata": {"name": name, "namespace": NAMESPACE}})


def policy(repository):
    """The spec: the smallest Deployment first, then the rest; no pod may fail more than one request in twenty."""
    return {
        "mode": "Automatic", "targets": {"workloads": {"images": [repository]}},
        "waves": [{"name": "canary", "select": {"count": 1}, "steps": ["1", "100%"], **SHORT},
                  {"name": "rest", "steps": ["1", "50%", "100%"], **SHORT}],
        "gates": [{"name": "errors", "interval": "1s",
                   "threshold": {"query": WORST_POD_ERROR_RATIO, "below": "0.05", "for": "3s"}}],
        "disruption": {"maxUnavailable": 3}}


def wave_of(wave):
    status = wave.get("status") or {}
    spec = wave["spec"]
    targets = spec.get("targets") or [{"kind": "Node", "name": name} for name in spec["nodes"]["names"]]
    states = {(each["kind"], each["name"]): each.get("state", "") for each in status.get("targets") or []}
    return {
        "name": wave["metadata"]["name"], "phase": status.get("phase") or "Pending",
        "progress": status.get("progressText", ""), "hold": status.get("hold"), "harm": status.get("harm"),
        "gates": [{"verdict": "Undecided", **gate} for gate in status.get("gates") or []],
        "targets": [{**target, "state": states.get((target["kind"], target["name"]), "")}
                    for target in targets]}
