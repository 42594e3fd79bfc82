#!/usr/bin/env python3
"""Two stories on a real control plane: a good patch goes out in waves, canary first; a bad one is caught by its metrics
in the first wave, is put back and quarantined. The exit code is 0 only when both happened, as seen on the pods."""

import argparse
import sys

from controlplane.operator_process import Operator, install_rights, program
from controlplane.processes import wait_until
from controlplane.world import World
from demo import nodes
from demo.ending import Failed, expect, perform
from demo.screen import Screen, follow, phases
from demo.stage import BAD, GOOD, NAMESPACE, OLD, Stage

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
    parser.add_argument("--story", choices=["images", "nodes"], default="images", help="what is patched (%(default)s)")
    arguments = parser.parse_args()
    world = World(arguments.state)

    def of_images():
        tell(world)
        how_to_look_around(world, arguments.keep)

    def of_nodes():
        nodes.tell(nodes.on_pretended_nodes(world))
        nodes.how_to_look_around(world, arguments.keep)

    return perform(world, arguments.keep, of_nodes if arguments.story == "nodes" else of_images)


if __name__ == "__main__":
    sys.exit(main())
