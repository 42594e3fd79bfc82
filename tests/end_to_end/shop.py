"""The words in which end-to-end tests tell their stories: given, when, then, never."""

import contextlib
import json
import threading
import time

from controlplane.kube_api import ApiError
from controlplane.processes import POLL_SECONDS, wait_until
from waves import Wave

OLD, GOOD, BAD, NEXT = "1.4.2", "1.4.3", "1.4.4-errors", "1.4.5"
CRASHING, UNPULLABLE, UNREADY = "1.4.4-crash", "1.4.4-unpullable", "1.4.4-unready"
TAGS = (OLD, GOOD, BAD, NEXT, "1.4.6", "1.4.7", CRASHING, UNPULLABLE, UNREADY)
PATIENCE_SECONDS = 90

WORST_POD_ERROR_RATIO = (
    'max(sum by (pod) (rate(http_requests_total{namespace="{{namespace}}",code=~"5.."}[5s]))'
    ' / sum by (pod) (rate(http_requests_total{namespace="{{namespace}}"}[5s])))')
ERRORS_GATE = {"name": "errors", "interval": "1s",
               "threshold": {"query": WORST_POD_ERROR_RATIO, "below": "0.05", "for": "3s"}}
ALERTS_GATE = {"name": "pages", "interval": "1s", "alerts": {"match": 'severity="page"'}}
# A share of one in five to begin with, so that seconds of traffic are evidence enough.
NOISY = {"requestsPerSecond": 40, "errorRatio": 0.2}
COUNTER_GATE = {"name": "errors", "interval": "1s", "tolerate": "2", "alpha": "0.01", "beta": "0.05", "counter": {
    "events": 'http_requests_total{code=~"5.."}', "exposure": "http_requests_total"}}
HISTOGRAM_GATE = {"name": "slow", "interval": "1s", "tolerate": "2", "alpha": "0.01", "beta": "0.05", "histogram": {
    "metric": "http_request_duration_seconds", "slowerThan": "50ms"}}
# A canary's errors need a scrape, a second one for a rate, and an evaluation before they can be seen.
# All targets of a wave may move at once; a test that wants less says so.
QUICK = {"maxUnavailable": "100%", "steps": ["1", "100%"], "stepBake": "4s", "bake": "4s", "progressDeadline": "15s"}


def wave_plan(name, **spec):
    return {"name": name, **QUICK, **spec}


class Shop:
    """One namespace. `reference` is the repository that all its workloads run."""

    def __init__(self, world, writes, namespace):
        self.world, self.writes, self.namespace = world, writes, namespace
        self.api = world.api
        self.reference = f"{world.registry.host}/{namespace}/web"
        self.digests = {}

    def open(self):
        self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": self.namespace}})
        for tag in TAGS:
            self.given_version(tag)
        wait_until(lambda: self.api.find("ServiceAccount", "default", self.namespace), 20, "the namespace is ready")

    def close(self):
        """Policies and waves first: their finalizers leave workloads whole, and that needs the operator."""
        self.api.delete("Namespace", self.namespace)

    # Given ---------------------------------------------------------------------------------------------------------

    def given_version(self, tag):
        self.digests[tag] = self.world.registry.push(f"{self.namespace}/web", tag)

    def given_deployment(self, name="web", replicas=4, tag=OLD, **pod):
        return self._given_workload("Deployment", name, tag, pod, replicas=replicas)

    def given_statefulset(self, name="db", replicas=3, tag=OLD, **pod):
        return self._given_workload("StatefulSet", name, tag, pod, replicas=replicas, serviceName=name,
                                    podManagementPolicy="Parallel")

    def given_daemonset(self, name="agent", tag=OLD, **pod):
        return self._given_workload("DaemonSet", name, tag, pod)

    def given_shop(self):
        """One workload of each kind."""
        return [self.given_deployment(), self.given_statefulset(), self.given_daemonset()]

    def given_service(self, name="web"):
        self.given("v1", "Service", name, spec={"selector": {"app": name}, "ports": [{"port": 80}]})

    def given_autoscaler(self, deployment, minimum, maximum):
        self.given("autoscaling/v2", "HorizontalPodAutoscaler", deployment, spec={
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment},
            "minReplicas": minimum, "maxReplicas": maximum})

    def given_policy(self, name="shop", waves=None, gates=None, **spec):
        """Automatic, one canary wave of one target and one for the rest, unless told otherwise."""
        return self.given("patchwave.dev/v1alpha1", "PatchPolicy", name, spec={
            "mode": "Automatic",
            "targets": {"workloads": {"images": [self.reference]}},
            "waves": waves or [wave_plan("canary", select={"count": 1}), wave_plan("rest")],
            "gates": [ERRORS_GATE] if gates is None else gates,
            "disruption": {"maxUnavailable": 3},
            **spec})

    # When ----------------------------------------------------------------------------------------------------------

    def when_patch_appears(self, tag, name=None, digest=None):
        name = name or f"web-{tag}"
        to = {"tag": tag, **({"digest": digest} if digest else {})}
        self.given("patchwave.dev/v1alpha1", "Patch", name,
                     spec={"subject": {"image": self.reference}, "to": to})
        return name

    def when_image_is_set_by(self, manager, kind, name, tag):
        """Somebody else's server-side apply, which takes the image for itself."""
        api_version = "apps/v1"
        self.api.apply({
            "apiVersion": api_version, "kind": kind, "metadata": {"name": name, "namespace": self.namespace},
            "spec": {"template": {"spec": {"containers": [{"name": "app", "image": f"{self.reference}:{tag}"}]}}}},
            manager=manager)

    def when_changed(self, kind, name, spec):
        return self.api.patch(kind, name, self.namespace, {"spec": spec})

    def when_deleted(self, kind, name):
        self.api.delete(kind, name, self.namespace)

    def when_decided(self, wave, decision, plan_hash=None, name=None, **spec):
        return self.given("patchwave.dev/v1alpha1", "PatchApproval", name or f"{wave.name}-{decision.lower()}", spec={
            "waveRef": {"name": wave.name}, "approver": "admin", "decision": decision,
            "planHash": plan_hash or wave.status("planHash"), "reason": "end-to-end test", **spec})

    # Then ----------------------------------------------------------------------------------------------------------

    def wave(self, patch, order=1):
        """The newest wave of that place in the order."""
        return Wave(self, patch, order)

    def waves(self, patch=None):
        found = [wave for wave in self.api.list("PatchWave", self.namespace)
                 if patch in (None, wave["spec"]["patchRef"]["name"])]
        return sorted(found, key=lambda wave: (wave["spec"]["order"], wave["metadata"]["creationTimestamp"]))

    def then_pods_run(self, workload, tag, within=PATIENCE_SECONDS):
        """All of the workload's pods, and as many as it wants, are ready with the image of the tag.

        A patched pod names the digest; a pod that was never patched has the plain tag it was created with.
        """
        kind, name = workload
        wait_until(lambda: self._all_run(kind, name, tag), within,
                   lambda: f"all pods of {kind} {name} run {tag}\n{self.describe()}")

    def then_no_canary_is_left(self, within=PATIENCE_SECONDS):
        wait_until(lambda: not self.canaries(), within, lambda: f"canary copies are gone\n{self.describe()}")

    def then_whole(self, workload, within=PATIENCE_SECONDS):
        """Every pod runs the same, is ready, and nothing of ours is left on the workload. Returns the images."""
        kind, name = workload

        def images():
            pods = self.pods(kind, name)
            found = {tuple(images_of(pod)) for pod in pods}
            annotations = self.get(kind, name)["metadata"].get("annotations", {})
            whole = len(found) == 1 and all(map(is_ready, pods)) and "patchwave.dev/claimed-by" not in annotations
            return found if whole and len(pods) == wanted_pods(self.get(kind, name)) else None

        return wait_until(images, within, lambda: f"{kind} {name} is whole\n{self.describe()}")

    def then_condition(self, kind, name, condition, status, *words, within=PATIENCE_SECONDS):
        """The object has the condition with that status, and its message has all the words."""
        def there():
            found = (self.get(kind, name).get("status") or {}).get("conditions", [])
            return any(each["type"] == condition and each["status"] == status and
                       all(word in each["message"] for word in words) for each in found)
        wait_until(there, within, lambda: f"{kind} {name} has {condition}={status} with {words}\n{self.describe()}")

    def then_quarantined(self, patch, within=PATIENCE_SECONDS):
        wait_until(lambda: self.get("Patch", patch).get("status", {}).get("quarantine"), within,
                   lambda: f"patch {patch} is quarantined\n{self.describe()}")

    @contextlib.contextmanager
    def never(self, happens, what):
        """`happens()` is asked all the while; a true answer fails the test at the end of the block."""
        seen, done = [], threading.Event()

        def look():
            while not done.wait(POLL_SECONDS):
                answer = happens()
                if answer:
                    seen.append(answer)
                    return

        thread = threading.Thread(target=look, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
        assert not seen, f"{what}: {seen[0]}"

    def never_runs(self, workload, *tags):
        """For `never`: pods of that workload with one of those tags."""
        kind, name = workload

        def happens():
            images = {image for pod in self.pods(kind, name) for image in images_of(pod)}
            return [image for image in images if any(self.is_version(image, tag) for tag in tags)]

        return self.never(happens, f"{kind} {name} never runs {' or '.join(tags)}")

    def always_at_least(self, workload, ready):
        kind, name = workload

        def happens():
            pods = [pod for pod in self.pods(kind, name) if is_ready(pod)]
            return f"{len(pods)} ready" if len(pods) < ready else None

        return self.never(happens, f"{kind} {name} never has less than {ready} ready pods")

    # Looking -------------------------------------------------------------------------------------------------------

    def get(self, kind, name):
        return self.api.get(kind, name, self.namespace)

    def pods(self, kind, name):
        """Pods that the workload's selector finds and that aren't being deleted."""
        selector = f"app={name},kind={kind.lower()}"
        return [pod for pod in self.api.list("Pod", self.namespace, selector)
                if "deletionTimestamp" not in pod["metadata"]]

    def canaries(self):
        return self.api.list("Deployment", self.namespace, "patchwave.dev/track=canary")

    def spec_of(self, workload):
        kind, name = workload
        return self.get(kind, name)["spec"]

    def describe(self):
        """Policies, patches, waves and pods in short, for the report of a failure."""
        lines = [f"{event['reason']}: {event.get('note', '')}" for event in self.api.list("Event", self.namespace)
                 if event.get("reportingController", "").startswith("patchwave")][-15:]
        for wave in self.waves():
            lines.append(f"wave {wave['metadata']['name']}: {json.dumps(wave.get('status', {}), indent=1)}")
        for patch in self.api.list("Patch", self.namespace):
            lines.append(f"patch {patch['metadata']['name']}: {json.dumps(patch.get('status', {}))}")
        for policy in self.api.list("PatchPolicy", self.namespace):
            lines.append(f"policy {policy['metadata']['name']}: {json.dumps(policy.get('status', {}))}")
        for pod in self.api.list("Pod", self.namespace):
            lines.append(f"pod {pod['metadata']['name']} ready={is_ready(pod)} {images_of(pod)}")
        return "\n".join(lines)

    # Making --------------------------------------------------------------------------------------------------------

    def _given_workload(self, kind, name, tag, pod, **spec):
        labels = {"app": name, "kind": kind.lower()}
        containers = pod.pop("containers", None) or [{"name": "app"}]
        init = pod.pop("init_containers", [])
        for container in containers + init:
            container.setdefault("image", f"{self.reference}:{tag}")
        self.given("apps/v1", kind, name, spec={
            "selector": {"matchLabels": labels}, **spec,
            "template": {"metadata": {"labels": labels}, "spec": {
                "terminationGracePeriodSeconds": 1, "containers": containers, "initContainers": init, **pod}}})
        self.then_pods_run((kind, name), tag)
        return kind, name

    def given(self, api_version, kind, name, **rest):
        return self.api.create({"apiVersion": api_version, "kind": kind,
                                "metadata": {"name": name, "namespace": self.namespace}, **rest})

    def is_version(self, image, tag):
        return image == f"{self.reference}:{tag}" or image.endswith(f"@{self.digests[tag]}")

    def _all_run(self, kind, name, tag):
        try:
            workload = self.get(kind, name)
        except ApiError:
            return False
        pods = [pod for pod in self.pods(kind, name) if "patchwave.dev/track" not in pod["metadata"]["labels"]]
        return len(pods) == wanted_pods(workload) and all(
            is_ready(pod) and any(self.is_version(image, tag) for image in images_of(pod)) and
            not any(self.is_version(image, other) for image in images_of(pod) for other in self.digests if other != tag)
            for pod in pods)


def wanted_pods(workload):
    """How many pods; None while nobody has counted: the status of a new DaemonSet says 0."""
    if workload["kind"] != "DaemonSet":
        return workload["spec"]["replicas"]
    status = workload.get("status", {})
    is_counted = status.get("observedGeneration", 0) >= workload["metadata"]["generation"]
    return status["desiredNumberScheduled"] if is_counted else None


def images_of(pod):
    spec = pod["spec"]
    return [container["image"] for container in spec["containers"] + spec.get("initContainers", [])]


def is_ready(pod):
    return any(condition["type"] == "Ready" and condition["status"] == "True"
               for condition in pod.get("status", {}).get("conditions", []))


def pause(seconds):
    """Lets real time pass where time itself is the matter: a fault that lasts, not a guess at when something is done."""
    time.sleep(seconds)
