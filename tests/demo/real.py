#!/usr/bin/env python3
"""The two stories of the demo on machines that really run pods: a good patch goes out in waves, canary first; a bad one,
which fails for three requests in ten, is caught on the answers that real visitors get, is put back and quarantined. The
exit code is 0 only when both happened, as the API server, the registry and the nodes say."""

import argparse
import os
import subprocess
import sys
import time

from controlplane.operator_process import Operator, install_rights, program
from controlplane.processes import wait_until
from demo import nodes
from demo.demo import bad_story, good_story, how_to_look_around
from demo.ending import expect, perform
from demo.screen import Screen
from demo.stage import NAMESPACE, Stage, policy
from machines.world import RealWorld
from storefront.storefront import BAD, GOOD, OLD, REPOSITORY, Visitors, deployment, push_versions, service

WORKLOADS = (("Deployment", "blog", 2), ("Deployment", "web", 6))
VISITS_PER_SECOND = 100
PODS_START_SECONDS = 120
# Both ways of patching are looked at for this long, from the first pod of the bad version on.
WINDOW_SECONDS = 60
THE_MACHINES = (
    "The machines: ./dev cluster status shows them, ./dev cluster enter machine-0 is a shell in one,",
    "              ./dev cluster power cut machine-0 and partition machine-0 are what happens in life.")


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
    """From when the first pod of the bad version ran: how long until its wave was put back, and what visitors met."""

    def __init__(self, stage):
        self._stage = stage
        self._first = self._last = self._before = None

    def look(self, snapshot):
        if self._first is None and any(pod.version == BAD for pod in snapshot.pods):
            self.start()
        if self._last is None and snapshot.waves and snapshot.waves[0]["phase"] == "RolledBack":
            self._last = time.monotonic()

    def start(self):
        self._first, self._before = time.monotonic(), self._stage.outcomes()

    @property
    def seconds_to_rollback(self):
        return self._last - self._first

    def visits_over(self, seconds):
        """Waits until that long after the start."""
        end = self._first + seconds
        wait_until(lambda: time.monotonic() >= end, seconds + 5, f"{seconds:.0f} s are over")
        return Visits(self._before, self._stage.outcomes())


class Visits:
    """Between two readings of the visitors' counters."""

    def __init__(self, before, after):
        made = {name: after[name] - before[name] for name in after}
        self.all = sum(made.values())
        self.failed = made["error"] + made["unreachable"]

    def __str__(self):
        return f"{self.failed} of {self.all} visits failed ({self.failed / self.all:.1%})"


def set_up(world):
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
    return stage, operator


def tell(stage):
    screen = Screen(sys.stdout)
    before = stage.outcomes()
    good_story(stage, screen)
    wait_until(lambda: stage.runs_really(GOOD), 10, f"the machines run {GOOD} by its digest")
    expect(stage.in_registry(GOOD) == stage.digests[GOOD], f"the registry has another {GOOD} than was pushed")
    print(f"During the good patch {Visits(before, stage.outcomes())}.\n")
    clock = BadVersionClock(stage)
    bad_story(stage, screen, clock.look)
    wait_until(lambda: stage.runs_really(GOOD), 10, f"the machines are back on {GOOD}")
    visits = clock.visits_over(WINDOW_SECONDS)
    print(f"Both happened: every pod runs {GOOD} by its digest, as the machines say too; {BAD} was put back in its first "
          f"wave and is in quarantine.\nFrom the first pod of {BAD} to rollback done: {clock.seconds_to_rollback:.1f} s. "
          f"In the {WINDOW_SECONDS} s from that pod on, {visits}.\n")
    return visits


def compare(stage, operator, visits):
    """The same image, to the same visitors over the same time, by a plain rolling update."""
    operator.stop()
    for _, name, _ in WORKLOADS:
        stage.world.cluster.kubectl("-n", NAMESPACE, "set", "image", f"deployment/{name}",
                                    f"app={stage.repository}@{stage.digests[BAD]}")
    wait_until(lambda: any(pod.version == BAD for pod in stage.pods()), 60, f"a pod of {BAD}")
    clock = BadVersionClock(stage)
    clock.start()
    plain = clock.visits_over(WINDOW_SECONDS)
    print(f"A plain rolling update of the same image: in the {WINDOW_SECONDS} s from its first pod on, {plain}, and nothing "
          f"put it back. That is {plain.failed / max(visits.failed, 1):.1f} times as many.\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", required=True, help="the folder of the cluster's state")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    parser.add_argument("--story", choices=["images", "nodes"], default="images", help="what is patched (%(default)s)")
    parser.add_argument("--compare", action="store_true",
                        help="then deploy the bad version without Patchwave, and count what fails in the same time")
    parser.add_argument("--or-simulated", metavar="STATE",
                        help="when the machines can't be set up, tell the stories on simulated nodes, with their state there")
    arguments = parser.parse_args()
    if arguments.compare and arguments.story != "images":
        parser.error("--compare counts visits, which there are in --story images alone")
    world = RealWorld(arguments.state)
    is_set_up = False

    def of_nodes():
        nonlocal is_set_up
        stage = nodes.on_machines(world)
        is_set_up = True
        nodes.tell(stage)
        nodes.how_to_look_around(world, arguments.keep)

    def of_images():
        nonlocal is_set_up
        stage, operator = set_up(world)
        is_set_up = True
        visits = tell(stage)
        if arguments.compare:
            compare(stage, operator, visits)
        how_to_look_around(world, arguments.keep, "\n".join(THE_MACHINES) + "\n")

    status = perform(world, arguments.keep, of_nodes if arguments.story == "nodes" else of_images)
    if status == 1 and arguments.or_simulated and not is_set_up:
        world.down()
        print("\nOn simulated nodes instead.\n", file=sys.stderr, flush=True)
        os.execv(sys.executable, [sys.executable, "-m", "demo.demo", "--state", arguments.or_simulated,
                                  "--story", arguments.story, *(["--keep"] if arguments.keep else [])])
    return status


if __name__ == "__main__":
    sys.exit(main())
