#!/usr/bin/env python3
"""Writes the addresses of pods that want to be scraped to a file for Prometheus' file_sd.

A pod wants it by the annotation prometheus.io/port. Debian's Prometheus has no discovery of its own for Kubernetes.
"""

import argparse
import json
import sys
import time
from pathlib import Path

from controlplane.kube_api import KubeApi, path_of
from load_simulator.load_simulator import tag_of

PORT = "prometheus.io/port"


def group_of(pod):
    """The file_sd entry of a pod, or None when there is nothing to scrape."""
    metadata, status = pod["metadata"], pod.get("status", {})
    port, address = metadata.get("annotations", {}).get(PORT), status.get("podIP")
    if not port or not address or status.get("phase") != "Running":
        return None
    labels = metadata.get("labels", {})
    return {"targets": [f"{address}:{port}"], "labels": {
        "namespace": metadata["namespace"], "pod": metadata["name"], "node": pod["spec"].get("nodeName", ""),
        "app": labels.get("app", ""), "track": labels.get("patchwave.dev/track", ""),
        "image_tag": tag_of(pod["spec"]["containers"][0]["image"])}}


class Targets:
    def __init__(self, path):
        self._path = Path(path)
        self._pods = {}
        self._written = None

    def replace(self, pods):
        self._pods = {pod["metadata"]["uid"]: pod for pod in pods}
        self._write()

    def changed(self, event, pod):
        if event == "DELETED":
            self._pods.pop(pod["metadata"]["uid"], None)
        else:
            self._pods[pod["metadata"]["uid"]] = pod
        self._write()

    def _write(self):
        groups = [group for group in map(group_of, self._pods.values()) if group]
        text = json.dumps(sorted(groups, key=lambda group: group["targets"]), indent=1)
        if text == self._written:
            return
        # Prometheus must not read half of it.
        new = self._path.with_suffix(".new")
        new.write_text(text)
        new.rename(self._path)
        self._written = text


def follow(api, targets):
    """List and watch for ever; any trouble begins with a new list."""
    while True:
        try:
            listed = api.request("GET", path_of("Pod"))
            targets.replace(listed["items"])
            for event in api.watch("Pod", listed["metadata"]["resourceVersion"]):
                if event["type"] == "ERROR":
                    break
                if event["type"] != "BOOKMARK":
                    targets.changed(event["type"], event["object"])
        except Exception as error:  # noqa: BLE001 - the API server may be away in a test; it comes back
            print(f"watching pods: {error}", file=sys.stderr, flush=True)
            time.sleep(0.5)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubeconfig", required=True)
    parser.add_argument("--targets", required=True, help="the file to write")
    arguments = parser.parse_args()
    follow(KubeApi(arguments.kubeconfig), Targets(arguments.targets))


if __name__ == "__main__":
    main()
