"""What the demo shows, as lines of text: a pure function of what the API server says."""

from dataclasses import dataclass, field

DIM, BOLD, RED, GREEN, YELLOW, BLUE = "2", "1", "31", "32", "33", "36"
PHASE_COLOURS = {"Succeeded": GREEN, "Resolved": BLUE, "Rolling": BLUE, "Running": BLUE, "Baking": BLUE,
                 "RollingBack": RED, "RolledBack": RED, "RollbackFailed": RED, "Quarantined": RED, "Cancelled": YELLOW}
KIND_ORDER = ("Deployment", "StatefulSet", "DaemonSet")
MOST_TARGETS = 10


@dataclass(frozen=True)
class Pod:
    workload: str  # "Deployment web"
    version: str
    ready: bool
    canary: bool


@dataclass
class Snapshot:
    title: str
    elapsed: float
    bad_version: str
    new_version: str
    patch: dict = field(default_factory=dict)
    waves: list = field(default_factory=list)
    pods: list = field(default_factory=list)
    workloads: list = field(default_factory=list)
    nodes: dict = field(default_factory=dict)  # What is to be said of each target that is a node.


def plain(text, _colour):
    return text


def coloured(text, colour):
    return f"\x1b[{colour}m{text}\x1b[0m"


def lines_of(snapshot, paint=plain, width=100):
    minutes, seconds = divmod(int(snapshot.elapsed), 60)
    lines = [paint(cut(snapshot.title, width - 8), BOLD) + paint(f"   {minutes}:{seconds:02}", DIM), ""]
    phase = snapshot.patch.get("phase", "Pending")
    lines.append(f"patch {snapshot.patch.get('name', '')}  {paint(phase, PHASE_COLOURS.get(phase, DIM))}")
    for wave in snapshot.waves:
        lines += wave_lines(wave, snapshot, paint, width)
    shown = {f"{target['kind']} {target['name']}" for wave in snapshot.waves for target in wave["targets"]}
    others = [workload for workload in snapshot.workloads if workload not in shown]
    if others:
        lines.append(paint("  not in a wave", DIM))
        lines += [f"    {workload:22} {dots(workload, snapshot, paint)}" for workload in others]
    lines += ["", paint(cut(legend(snapshot, paint is plain), width), DIM)]
    return lines


def wave_lines(wave, snapshot, paint, width):
    phase = wave["phase"]
    lines = [f"  wave {wave['name']}  {paint(phase, PHASE_COLOURS.get(phase, DIM))}  {wave['progress']}".rstrip()]
    if wave["hold"]:
        text = cut(f"waits: {wave['hold']['reason']}: {wave['hold'].get('message', '')}", width)
        lines.append("    " + paint(text, YELLOW))
    if wave["harm"]:
        text = cut(f"harm: {wave['harm'].get('gate', '')}: {wave['harm'].get('message', '')}", width)
        lines.append("    " + paint(text, RED))
    for gate in wave["gates"]:
        colour = {"Pass": GREEN, "Harm": RED}.get(gate["verdict"], DIM)
        text = cut(f"gate {gate['name']}: {gate['verdict']}  {gate.get('message', '')}", width)
        lines.append("    " + paint(text, colour))
    shown = [target for target in wave["targets"] if target["state"] or len(wave["targets"]) <= MOST_TARGETS]
    for target in shown[:MOST_TARGETS]:
        workload = f"{target['kind']} {target['name']}"
        lines.append(f"    {workload:22} {dots(workload, snapshot, paint)}  {paint(target['state'], DIM)}".rstrip())
    if len(wave["targets"]) > min(len(shown), MOST_TARGETS):
        lines.append(paint(f"    and {len(wave['targets']) - min(len(shown), MOST_TARGETS)} more", DIM))
    return lines


def dots(workload, snapshot, paint):
    """One mark a pod: filled is ready; the canary copies stand behind a bar. Of a node, its words."""
    if workload in snapshot.nodes:
        return snapshot.nodes[workload]

    def mark(pod):
        colour = RED if pod.version == snapshot.bad_version else GREEN if pod.version == snapshot.new_version else DIM
        letter = "x" if pod.version == snapshot.bad_version else "n" if pod.version == snapshot.new_version else "o"
        if paint is plain:
            return letter if pod.ready else "."
        return paint("●" if pod.ready else "○", colour)

    pods = sorted((pod for pod in snapshot.pods if pod.workload == workload), key=lambda pod: (pod.version, pod.ready))
    primary = "".join(mark(pod) for pod in pods if not pod.canary)
    canary = "".join(mark(pod) for pod in pods if pod.canary)
    return f"{primary} | {canary} canary" if canary else primary


def legend(snapshot, without_colour):
    if snapshot.nodes:
        return "of each node: what its agent says, and whether it is drained for us"
    if without_colour:
        bad = f", x {snapshot.bad_version}" if snapshot.bad_version else ""
        return f"one letter a pod: o the version before, n {snapshot.new_version}{bad}, . not ready"
    bad = f", red {snapshot.bad_version}" if snapshot.bad_version else ""
    return f"one mark a pod, filled when ready: grey the version before, green {snapshot.new_version}{bad}"


def cut(text, width):
    text = " ".join(text.split())
    return text if len(text) <= width - 4 else text[: width - 7] + "..."


def happenings(before, after):
    """What changed between two snapshots, a line each: for those without a terminal."""
    def facts(snapshot):
        yield "patch " + snapshot.patch.get("name", ""), snapshot.patch.get("phase", "Pending")
        for wave in snapshot.waves:
            hold = f", waits: {wave['hold']['reason']}" if wave["hold"] else ""
            harm = f", harm: {wave['harm'].get('message', '')}" if wave["harm"] else ""
            yield "wave " + wave["name"], wave["phase"] + hold + harm
            for target in wave["targets"]:
                if target["state"]:
                    yield f"{target['kind']} {target['name']} ({wave['name']})", target["state"]

    known = dict(facts(before)) if before else {}
    return [f"{name}: {value}" for name, value in facts(after) if known.get(name) != value]
