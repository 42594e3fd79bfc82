#!/usr/bin/env python3
"""The two stories of the demo on machines that really run pods: a good patch goes out in waves, canary first; a bad one,
which fails for three requests in ten, is caught on the answers that real visitors get, is put back and quarantined. The
exit code is 0 only when both happened, as the API server, the registry and the nodes say."""

import argparse
import subprocess
import sys
import time

from controlplane.operator_process import Operator, install_rights, program
from controlplane.processes import wait_until
from demo.demo import Screen, bad_story, good_story
from demo.ending import expect, perform
from demo.stage import NAMESPACE, Stage, policy
from machines.world import RealWorld
from storefront.storefront import BAD, GOOD, OLD, REPOSITORY, Visitors, deployment, push_versions, service

WORKLOADS = (("Deployment", "blog", 2), ("Deployment", "web", 6))
VISITS_PER_SECOND = 100
PODS_START_SECONDS = 120


class RealStage(Stage):
    """Two Deployments of the storefront, with visitors of their own each."""

    workloads = WORKLOADS

    def __init__(self, world):
        self.world, self.api = world, world.api
        self.repository = f"{world.registry.host}/{REPOSITORY}"
        self.digests = push_versions(world)
        self.visitors = {}

    def set_up(self):
        self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}})
        for _, name, replicas in self.workloads:
            self.api.create(deployment(NAMESPACE, name, f"{self.repository}:{OLD}", replicas))
        services = {name: self.api.create(service(NAMESPACE, name)) for _, name, _ in self.workloads}
        wait_until(lambda: self.all_run(OLD), PODS_START_SECONDS, f"all pods run {OLD}")
        for name, made in services.items():
            self.visitors[name] = Visitors(self.world, name).start(made, VISITS_PER_SECOND)
        self._create("PatchPolicy", "storefront", policy(self.repository))

    def outcomes(self):
        """Of all visits so far."""
        each = [visitors.outcomes() for visitors in self.visitors.values()]
        return {name: sum(one[name] for one in each) for name in each[0]}

    def runs_really(self, version):
        """Whether each machine's runtime says so too: by the image's digest, which it computed itself."""
        pods = [pod for pod in self.api.list("Pod", NAMESPACE) if "deletionTimestamp" not in pod["metadata"]]
        return bool(pods) and all(status["imageID"].endswith("@" + self.digests[version])
                                  for pod in pods for status in pod["status"]["containerStatuses"])

    def in_registry(self, version):
        """The digest that the registry gives that tag now, as another client of it sees."""
        command = ["skopeo", "inspect", "--tls-verify=false", "--format={{.Digest}}", f"docker://{self.repository}:{version}"]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.strip()


class BadVersionClock:
    """When the first pod of the bad version ran, and when the last was gone and its wave was put back."""

    def __init__(self, stage):
        self._stage = stage
        self.first = self.last = None
        self.before = None

    def look(self, snapshot):
        if self.first is None and any(pod.version == BAD for pod in snapshot.pods):
            self.first, self.before = time.monotonic(), self._stage.outcomes()
        if self.last is None and snapshot.waves and snapshot.waves[0]["phase"] == "RolledBack":
            self.last = time.monotonic()

    def figures(self):
        after = self._stage.outcomes()
        return {"seconds": round(self.last - self.first, 1),
                **{f"visits_{name}": after[name] - self.before[name] for name in after}}


def tell(world):
    for name in ("patchwave", "storefront", "visitors", "pause"):
        program(name)  # Says what to do when there is none, before anything is started.
    print("Starting a control plane, a registry, Prometheus and three machines", file=sys.stderr)
    world.up(machines=3)
    world.install_kinds()
    operator = Operator(world, install_rights(world.cluster))
    with world.steps.step("Patchwave is ready, with the rights of its chart and no more"):
        operator.start()
    with world.steps.step(f"three versions are in the registry, and two Deployments run {OLD} for their visitors"):
        stage = RealStage(world)
        stage.set_up()
        series = f'sum by (app) (rate(http_requests_total{{namespace="{NAMESPACE}"}}[5s])) > 0'
        wait_until(lambda: len(world.telemetry.query(series)) == len(WORKLOADS), 30, "Prometheus sees the visits")
    print(file=sys.stderr)
    screen = Screen(sys.stdout)
    before = stage.outcomes()
    good_story(stage, screen)
    wait_until(lambda: stage.runs_really(GOOD), 10, f"the machines run {GOOD} by its digest")
    expect(stage.in_registry(GOOD) == stage.digests[GOOD], f"the registry has another {GOOD} than was pushed")
    after = stage.outcomes()
    lost = {name: after[name] - before[name] for name in after}
    print(f"Visits during the good patch: {lost['ok']} well, {lost['error']} failed, {lost['unreachable']} unanswered.\n")
    clock = BadVersionClock(stage)
    bad_story(stage, screen, clock.look)
    wait_until(lambda: stage.runs_really(GOOD), 10, f"the machines are back on {GOOD}")
    figures = clock.figures()
    print(f"Both happened: every pod runs {GOOD} by its digest, as the machines say too; {BAD} was put back in its first "
          f"wave and is in quarantine.\nFrom the first pod of {BAD} to rollback done: {figures['seconds']} s, in which "
          f"{figures['visits_error']} of {sum(figures[f'visits_{name}'] for name in after)} visits failed "
          f"and {figures['visits_unreachable']} went unanswered.\n")
    return stage, operator


def compare(stage, operator, seconds):
    """The same image, to the same visitors, by a plain rolling update: failures in the given time from its first pod."""
    operator.stop()
    for _, name, _ in WORKLOADS:
        stage.world.cluster.kubectl("-n", NAMESPACE, "set", "image", f"deployment/{name}",
                                    f"app={stage.repository}@{stage.digests[BAD]}")
    wait_until(lambda: any(pod.version == BAD for pod in stage.pods()), 60, f"a pod of {BAD}")
    before, end = stage.outcomes(), time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, seconds + 5, "the time is over")
    after = stage.outcomes()
    print(f"A plain rolling update of the same image: in {seconds:.0f} s from its first pod {after['error'] - before['error']} "
          f"of {sum(after.values()) - sum(before.values())} visits failed and "
          f"{after['unreachable'] - before['unreachable']} went unanswered; nothing put it back.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", required=True, help="the folder of the cluster's state")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    parser.add_argument("--compare", type=float, metavar="SECONDS", default=0,
                        help="then deploy the bad version without Patchwave, and count what fails in that time")
    arguments = parser.parse_args()
    world = RealWorld(arguments.state)

    def tell_and_compare():
        stage, operator = tell(world)
        if arguments.compare:
            compare(stage, operator, arguments.compare)

    return perform(world, arguments.keep, tell_and_compare)


if __name__ == "__main__":
    sys.exit(main())
