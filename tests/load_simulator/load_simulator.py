#!/usr/bin/env python3
"""Traffic to the pods of a test cluster, as Prometheus would see it.

Watches pods and serves, for each one that is ready, the counters that its image would make:

  http_requests_total{namespace,pod,app,track,image_tag,code}
  http_request_duration_seconds histogram
  container_restarts_total{namespace,pod,app,track,container,image_tag}
  up{namespace,pod,app,track,image_tag}, as a scrape of the pod itself would leave

Counters are smooth functions of the time that a pod was ready, so a run is the same run each time. `POST /control`
changes the behaviour: {"behaviours": [...]} puts new ones before those of the file, {"pause": true} serves nothing
(Prometheus then has no data while it is up), {"reset": true} goes back to the file.
"""

import argparse
import fnmatch
import http.server
import json
import math
import sys
import threading
import time

import yaml

from controlplane.kube_api import KubeApi, path_of

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
MAX_CONTROL_BYTES = 64 * 1024


def tag_of(image):
    """The tag of an image reference, "" when it has none."""
    name = image.partition("@")[0].rpartition("/")[2]
    return name.partition(":")[2]


def behaviour_for(behaviours, tag):
    return next(each for each in behaviours if fnmatch.fnmatchcase(tag, each["tag"]))


class PodTraffic:
    """What one pod has served so far."""

    def __init__(self):
        self.good = self.bad = self.sum = 0.0
        self.buckets = [0.0] * len(BUCKETS)
        self.seen = None

    def advance(self, behaviour, now, ready):
        """Adds the traffic since the last call when the pod took any."""
        if self.seen is not None and ready:
            requests = behaviour["requestsPerSecond"] * (now - self.seen)
            self.bad += requests * behaviour["errorRatio"]
            self.good += requests * (1 - behaviour["errorRatio"])
            self.sum += requests * behaviour["latencySeconds"]
            for index, bound in enumerate(BUCKETS):
                self.buckets[index] += requests * (1 - math.exp(-bound / behaviour["latencySeconds"]))
        self.seen = now


class Pods:
    """The pods of the cluster as of now, and the traffic of each by UID."""

    def __init__(self, behaviours):
        self._lock = threading.Lock()
        self._file_behaviours = behaviours
        self._behaviours = behaviours
        self._paused = False
        self._pods, self._traffic = {}, {}

    def replace(self, pods):
        with self._lock:
            self._pods = {pod["metadata"]["uid"]: pod for pod in pods}
            self._traffic = {uid: traffic for uid, traffic in self._traffic.items() if uid in self._pods}

    def changed(self, event, pod):
        uid = pod["metadata"]["uid"]
        with self._lock:
            self._advance(uid, time.monotonic())
            if event == "DELETED":
                self._pods.pop(uid, None)
                self._traffic.pop(uid, None)
            else:
                self._pods[uid] = pod

    def control(self, change):
        behaviours = list(change.get("behaviours", []))
        for each in behaviours:
            behaviour = {"requestsPerSecond": 40, "errorRatio": 0.0, "latencySeconds": 0.03, **each}
            if not isinstance(behaviour.get("tag"), str):
                raise ValueError("a behaviour needs a tag")
            each.update(behaviour)
        with self._lock:
            self._advance_all()
            if change.get("reset"):
                self._behaviours, self._paused = self._file_behaviours, False
            self._behaviours = behaviours + self._behaviours
            self._paused = bool(change.get("pause", self._paused))
            return {"paused": self._paused, "behaviours": self._behaviours}

    def metrics(self):
        with self._lock:
            if self._paused:
                return ""
            self._advance_all()
            return render([(pod, self._traffic[uid]) for uid, pod in self._pods.items() if uid in self._traffic])

    def _advance_all(self):
        now = time.monotonic()
        for uid in self._pods:
            self._advance(uid, now)

    def _advance(self, uid, now):
        pod = self._pods.get(uid)
        if pod is None:
            return
        ready = is_ready(pod)
        if uid not in self._traffic:
            if not ready:
                return
            self._traffic[uid] = PodTraffic()
        self._traffic[uid].advance(self._behaviour_of(pod), now, ready)

    def _behaviour_of(self, pod):
        """A pod is as bad as its worst image."""
        found = [behaviour_for(self._behaviours, tag_of(container["image"])) for container in pod["spec"]["containers"]]
        return max(found, key=lambda behaviour: (behaviour["errorRatio"], behaviour["latencySeconds"]))


def is_ready(pod):
    return "deletionTimestamp" not in pod["metadata"] and any(
        condition["type"] == "Ready" and condition["status"] == "True"
        for condition in pod.get("status", {}).get("conditions", []))


def quoted(text):
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def pod_labels(pod):
    labels = pod["metadata"].get("labels", {})
    pairs = (("namespace", pod["metadata"]["namespace"]), ("pod", pod["metadata"]["name"]),
             ("app", labels.get("app", "")), ("track", labels.get("patchwave.dev/track", "")),
             ("image_tag", tag_of(pod["spec"]["containers"][0]["image"])))
    return ",".join(f'{name}="{quoted(value)}"' for name, value in pairs)


def render(pods):
    requests, durations, restarts, up = [], [], [], []
    for pod, traffic in pods:
        labels = pod_labels(pod)
        up.append(f"up{{{labels}}} 1")
        requests.append(f'http_requests_total{{{labels},code="200"}} {int(traffic.good)}')
        requests.append(f'http_requests_total{{{labels},code="500"}} {int(traffic.bad)}')
        total = int(traffic.good) + int(traffic.bad)
        for bound, count in zip(BUCKETS, traffic.buckets):
            durations.append(f'http_request_duration_seconds_bucket{{{labels},le="{bound}"}} {min(int(count), total)}')
        durations.append(f'http_request_duration_seconds_bucket{{{labels},le="+Inf"}} {total}')
        durations.append(f"http_request_duration_seconds_count{{{labels}}} {total}")
        durations.append(f"http_request_duration_seconds_sum{{{labels}}} {traffic.sum:.3f}")
        for status in pod["status"].get("containerStatuses", []):
            restarts.append(f'container_restarts_total{{{labels},container="{quoted(status["name"])}"}} '
                            f'{status["restartCount"]}')
    return "\n".join(["# TYPE http_requests_total counter", *requests,
                      "# TYPE http_request_duration_seconds histogram", *durations,
                      "# TYPE container_restarts_total counter", *restarts,
                      "# TYPE up gauge", *up, ""])


def follow(api, pods):
    """List and watch for ever; any trouble begins with a new list."""
    while True:
        try:
            listed = api.request("GET", path_of("Pod"))
            pods.replace(listed["items"])
            for event in api.watch("Pod", listed["metadata"]["resourceVersion"]):
                if event["type"] == "ERROR":
                    break
                if event["type"] != "BOOKMARK":
                    pods.changed(event["type"], event["object"])
        except Exception as error:  # noqa: BLE001 - the API server may be away in a test; it comes back
            print(f"watching pods: {error}", file=sys.stderr, flush=True)
            time.sleep(0.5)


def handler_for(pods):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            if self.path == "/metrics":
                self._send(200, pods.metrics(), "text/plain; version=0.0.4")
            elif self.path == "/healthz":
                self._send(200, "ok\n", "text/plain")
            else:
                self._send(404, "not here\n", "text/plain")

        def do_POST(self):
            length = int(self.headers.get("Content-Length", 0))
            if self.path != "/control" or length > MAX_CONTROL_BYTES:
                self._send(404, "not here\n", "text/plain")
                return
            try:
                answer = pods.control(json.loads(self.rfile.read(length)))
            except (ValueError, TypeError, AttributeError) as error:
                self._send(400, f"{error}\n", "text/plain")
                return
            self._send(200, json.dumps(answer), "application/json")

        def _send(self, code, text, content_type):
            body = text.encode()
            self.send_response(code)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return Handler


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--behaviour", required=True, help="the behaviours, in YAML")
    parser.add_argument("--port", type=int, required=True)
    arguments = parser.parse_args()
    with open(arguments.behaviour, encoding="utf-8") as file:
        pods = Pods(yaml.safe_load(file)["behaviours"])
    threading.Thread(target=follow, args=(KubeApi(arguments.kubeconfig), pods), daemon=True).start()
    http.server.ThreadingHTTPServer(("127.0.0.1", arguments.port), handler_for(pods)).serve_forever()


if __name__ == "__main__":
    main()
