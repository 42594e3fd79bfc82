#!/usr/bin/env python3
"""Two stories on a real control plane: a good patch goes out in waves, canary first; a bad one is caught by its metrics
in the first wave, is put back and quarantined. The exit code is 0 only when both happened, as seen on the pods."""

import argparse
import shutil
import sys
import time

from controlplane.operator_process import Operator, install_rights, program
from controlplane.processes import wait_until
from controlplane.world import World
from demo.ending import Failed, expect, perform
from demo.scene import coloured, happenings, lines_of, plain
from demo.stage import BAD, GOOD, NAMESPACE, OLD, Stage

STORY_SECONDS = 150
FRAME_SECONDS = 0.2


class Screen:
    """Draws a scene in place on a terminal; elsewhere says what changed, a line each."""

    def __init__(self, stream):
        self._stream = stream
        self._live = stream.isatty()
        self._height = 0
        self._before = None

    def show(self, snapshot):
        if not self._live:
            for line in happenings(self._before, snapshot):
                print(f"[{snapshot.elapsed:5.1f} s] {line}", file=self._stream, flush=True)
            self._before = snapshot
            return
        size = shutil.get_terminal_size()
        lines = lines_of(snapshot, coloured, size.columns)[: size.lines - 1]
        up = f"\x1b[{self._height}A" if self._height else ""
        self._stream.write(up + "".join(f"\x1b[2K{line}\n" for line in lines) + "\x1b[0J")
        self._stream.flush()
        self._height = len(lines)

    def leave(self, snapshot):
        """What was drawn stays; the next scene begins below."""
        if not self._live:
            print("\n".join(lines_of(snapshot, plain)), file=self._stream, flush=True)
        print(file=self._stream)
        self._height, self._before = 0, None


def follow(stage, screen, title, version, ends, watch=lambda snapshot: None):
    """Publishes the patch and shows its rollout until `ends(snapshot)`; `watch` sees every snapshot."""
    patch = stage.publish(version)
    started = time.monotonic()
    while True:
        snapshot = stage.look(title, time.monotonic() - started, patch, version)
        screen.show(snapshot)
        watch(snapshot)
        if ends(snapshot):
            screen.leave(snapshot)
            return snapshot
        if snapshot.elapsed > STORY_SECONDS:
            screen.leave(snapshot)
            raise Failed(f"{title}: not at its end after {STORY_SECONDS} s")
        time.sleep(FRAME_SECONDS)


def phases(snapshot):
    return [wave["phase"] for wave in snapshot.waves]


def good_story(stage, screen):
    def ends(snapshot):
        if any(phase in ("RolledBack", "RollbackFailed", "Cancelled") for phase in phases(snapshot)):
            raise Failed(f"a wave of the good patch ended as {phases(snapshot)}")
        return phases(snapshot) == ["Succeeded", "Succeeded"] and stage.all_run(GOOD)

    def canary_first(snapshot):
        if len(snapshot.waves) == 2 and phases(snapshot)[1] in ("Running", "Baking", "Succeeded"):
            expect(phases(snapshot)[0] == "Succeeded", "the rest began before the canary wave had succeeded")

    follow(stage, screen, f"1. A good patch: {OLD} -> {GOOD}", GOOD, ends, canary_first)
    expect(stage.pinned(GOOD), f"not every pod runs {GOOD} by its digest")


def bad_story(stage, screen, watch=lambda snapshot: None):
    touched = set()

    def never_further(snapshot):
        watch(snapshot)
        touched.update(pod.workload for pod in snapshot.pods if pod.version == BAD)
        for wave in snapshot.waves[1:]:
            expect(wave["phase"] in ("Pending", "Waiting", "Cancelled"), f"wave {wave['name']} got to {wave['phase']}")

    def ends(snapshot):
        wrong = {"Succeeded", "RollbackFailed", "Cancelled"} & set(phases(snapshot))
        expect(not wrong, f"a wave of the bad patch ended as {', '.join(wrong)}")
        return bool(snapshot.waves) and phases(snapshot)[0] == "RolledBack" and snapshot.patch["quarantine"] and \
            stage.all_run(GOOD)

    last = follow(stage, screen, f"2. A bad patch: {GOOD} -> {BAD}, which answers three requests in ten with an error",
                  BAD, ends, never_further)
    first_wave = {f"{target['kind']} {target['name']}" for target in last.waves[0]["targets"]}
    expect(touched, f"{BAD} never ran anywhere, so nothing was put to the test")
    expect(touched <= first_wave, f"{BAD} ran outside the first wave: {sorted(touched - first_wave)}")
    expect(stage.pinned(GOOD), f"not every pod is back on {GOOD} by its digest")


def tell(world):
    """Both stories, from an empty machine on."""
    program()  # Says what to do when there is none, before anything is started.
    print("Starting a control plane, a registry, Prometheus and some traffic", file=sys.stderr)
    world.up(nodes=4)
    world.install_kinds()
    operator = Operator(world, install_rights(world.cluster))
    with world.steps.step("Patchwave is ready, with the rights of its chart and no more"):
        operator.start()
    stage = Stage(world)
    with world.steps.step(f"a shop of four workloads runs {OLD}"):
        stage.set_up()
        world.telemetry.control(behaviours=[{"tag": BAD, "errorRatio": 0.3}])
        series = f'http_requests_total{{namespace="{NAMESPACE}"}}'
        wait_until(lambda: world.telemetry.query(series), 20, "Prometheus sees the shop")
    print(file=sys.stderr)
    screen = Screen(sys.stdout)
    good_story(stage, screen)
    bad_story(stage, screen)
    print(f"Both happened: every pod of the shop runs {GOOD} by its digest; {BAD} was put back in its first wave and is "
          "in quarantine.\n")


def how_to_look_around(world, kept, more=""):
    build = program().parent
    if not kept:
        print("Look around: ./dev demo --keep leaves all of this running.")
        return
    print(f"""The cluster is still up. Look around:

  export KUBECONFIG={world.cluster.admin_kubeconfig}
  export PATH={build}:{world.cluster.described["binaries"]}:$PATH
  kubectl -n {NAMESPACE} get pp,patch,pw
  kubectl patchwave status -n {NAMESPACE}
  kubectl patchwave explain patch/web-{BAD} -n {NAMESPACE}
  kubectl patchwave quarantine list -n {NAMESPACE}

Prometheus: {world.telemetry.prometheus_url}   the operator's log: {world.processes.log("operator")}
{more}./dev cluster down stops it.""")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", required=True, help="the folder of the cluster's state")
    parser.add_argument("--keep", action="store_true", help="leave the cluster up")
    arguments = parser.parse_args()
    world = World(arguments.state)

    def tell_and_point():
        tell(world)
        how_to_look_around(world, arguments.keep)

    return perform(world, arguments.keep, tell_and_point)


if __name__ == "__main__":
    sys.exit(main())
