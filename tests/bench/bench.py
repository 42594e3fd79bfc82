#!/usr/bin/env python3
"""Memory and speed of the operator on a real control plane, as JSON, beside the limits they must keep.

With the chart's rights and the operator's own settings for rates and workers. Memory is measured of the process that saw every node
and pod come, and of one that was started when all were there: its peak is the first list. Two client-go programs of the same
control plane are measured beside it: kube-scheduler's memory (it caches the same nodes and pods, and does more with
them) and the Deployment controller's reaction. Ends with 1 when a limit is missed."""

import argparse
import json
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import machine  # noqa: E402
import planning  # noqa: E402
import ranking  # noqa: E402
import reaction  # noqa: E402
import rollback  # noqa: E402
from audit import RULES  # noqa: E402
from controlplane.kube_api import ApiError  # noqa: E402
from controlplane.operator_process import Operator, install_rights, program  # noqa: E402
from controlplane.processes import NotReady  # noqa: E402
from controlplane.world import World  # noqa: E402
from fill import fill  # noqa: E402

STEADY_SECONDS = 20


def limits(figures):
    """(what, measured, limit), all in the unit that the name ends with."""
    reaction_time, rollbacks = figures["reaction"]["patchwaveMilliseconds"], figures["rollback"]
    for name in ("sawThemCome", "listedThem"):
        memory = figures["memory"][name]
        yield f"memory.{name}.rssMebibytes", memory["rss"], 48
        yield f"memory.{name}.peakMebibytes", memory["peak"], 48
    yield "reaction.p99Milliseconds", reaction_time["p99"], 20
    yield "rollback.mostBeyondIntervalSeconds", rollbacks["mostBeyondIntervalSeconds"], 1
    yield "gates.processorsFor10000Each30Seconds", figures["gates"]["processorsFor10000Each30Seconds"], 0.5
    yield "nodePreflight.seconds", figures["nodePreflight"]["seconds"], 1
    yield "ranking.seconds", figures["ranking"]["seconds"], 3
    yield "ranking.peakMebibytes", figures["ranking"]["peakMebibytes"], 500
    yield "planning.seconds", figures["planning"]["seconds"], 2


def measure_rollback(world, account, count):
    with machine.load_while() as load:
        seconds = rollback.measure(world, account, count)
    beyond = max(0.0, max(seconds) - rollback.INTERVAL_SECONDS)
    return {"intervalSeconds": rollback.INTERVAL_SECONDS, "seconds": [round(each, 3) for each in seconds],
            "mostBeyondIntervalSeconds": round(beyond, 3), "machine": load}


def measure_memory(world, operator):
    scheduler = world.processes.pid("kube-scheduler")
    with machine.load_while() as load:
        came = machine.highest_memory(world.processes.pid(operator.name), STEADY_SECONDS)
        operator.stop()
        operator.start(kubernetes={})
        listed = machine.highest_memory(world.processes.pid(operator.name), STEADY_SECONDS)
        others = machine.highest_memory(scheduler, 1)
    return {"sawThemCome": came, "listedThem": listed, "kubeScheduler": others,
            "kubeSchedulerRssRatio": round(others["rss"] / listed["rss"], 1), "machine": load}


def measure_reaction(world, account, count):
    with machine.load_while() as load:
        ours, theirs = reaction.measure(world, account, count)
    return {"patchwaveMilliseconds": ours, "deploymentControllerMilliseconds": theirs,
            "deploymentControllerP99Ratio": round(theirs["p99"] / ours["p99"], 1), "machine": load}


def measure_gates():
    """Counter gates over twenty pods and an hour of raw samples, from Prometheus' answer to the verdict."""
    with machine.load_while() as load:
        answer = subprocess.run([program().parents[1] / "tests" / "evaluation" / "evaluate_gate_speed", "60"],
                                check=True, stdout=subprocess.PIPE, text=True).stdout
    gate = json.loads(answer)
    return {**gate, "processorsFor10000Each30Seconds": round(gate["millisecondsAGate"] * 10_000 / 30_000, 3), "machine": load}


def measure_node_preflight():
    """Every node of 5,000 with 150,000 pods, from what is known of them to the findings, in processor time."""
    with machine.load_while() as load:
        answer = subprocess.run([program().parents[1] / "tests" / "evaluation" / "evaluate_preflight_speed"],
                                check=True, stdout=subprocess.PIPE, text=True).stdout
    return {**json.loads(answer), "machine": load}


def measure_ranking():
    with machine.load_while() as load:
        figures = ranking.measure()
    return {**figures, "machine": load}


def measure_planning():
    with machine.load_while() as load:
        figures = planning.measure()
    return {**figures, "machine": load}


def measure(world, arguments):
    steps = world.steps
    world.up(nodes=4, audit_log=RULES)
    world.install_kinds()
    account = install_rights(world.cluster)
    operator = Operator(world, account)
    operator.start(kubernetes={})
    with steps.step(f"{arguments.rollbacks} bad patches are rolled back"):
        rollbacks = measure_rollback(world, account, arguments.rollbacks)
    # Ten thousand pods of made-up traffic would be a measurement of Prometheus.
    world.telemetry.down()
    with steps.step(f"{arguments.nodes} nodes and {arguments.pods} pods run"):
        fill(world, arguments.nodes, arguments.pods)
    with steps.step("memory is measured"):
        memory = measure_memory(world, operator)
    with steps.step(f"{arguments.events} events are answered"):
        reactions = measure_reaction(world, account, arguments.events)
    with steps.step("gates are judged"):
        gates = measure_gates()
    with steps.step("a drain of every node is checked"):
        node_preflight = measure_node_preflight()
    with steps.step(f"{ranking.FINDINGS} findings are ranked"):
        ranked = measure_ranking()
    with steps.step(f"{planning.PATCHES} patches of {planning.GROUPS} groups are planned"):
        planned = measure_planning()
    return {"nodes": arguments.nodes, "pods": arguments.pods, "memory": memory, "reaction": reactions, "rollback": rollbacks,
            "gates": gates, "nodePreflight": node_preflight, "ranking": ranked, "planning": planned}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--state", required=True, help="the folder of the control plane's state")
    parser.add_argument("--output", required=True, help="the file for the JSON, which is printed too")
    parser.add_argument("--nodes", type=int, default=1000)
    parser.add_argument("--pods", type=int, default=10000)
    parser.add_argument("--events", type=int, default=500)
    parser.add_argument("--rollbacks", type=int, default=5)
    arguments = parser.parse_args()
    at_start = machine.describe()
    world = World(arguments.state, outlive=False)
    try:
        figures = measure(world, arguments)
    except (ApiError, NotReady, OSError, RuntimeError) as error:
        print(f"the bench failed: {error}", file=sys.stderr)
        return 1
    finally:
        world.down()
    checked = [{"figure": name, "measured": measured, "limit": limit, "kept": measured < limit}
               for name, measured, limit in limits(figures)]
    text = json.dumps({"machineAtStart": at_start, "figures": figures, "limits": checked}, indent=2)
    Path(arguments.output).write_text(text + "\n")
    print(text)
    return 0 if all(each["kept"] for each in checked) else 1


if __name__ == "__main__":
    sys.exit(main())
