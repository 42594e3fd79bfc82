"""The stories of nodes: a budget that can't be met is named before anything is touched; a package that is pending goes out
node by node; one that does not start is stopped at the first node and taken back. What happened is read off the nodes."""

import sys

from controlplane.kube_api import ApiError
from controlplane.operator_process import NAMESPACE, NODE_JOBS, Operator, install_rights, program
from controlplane.processes import wait_until
from demo.ending import expect
from demo.scene import Snapshot
from demo.screen import Screen, follow, go_on, phases
from demo.stage import wave_of
from machines.node_recipe import BOOTS, PATH, on_the_machine, push_image
from machines.packages import INSTALLED, PACKAGE, UPDATE

SHOP, APP = "shop", "ledger"
POOL = "workers"
RECORD, PROOF = "patchwave.dev/cordoned-by", "patchwave.dev/patched-by"
FAR = ("Running", "Baking", "Succeeded")

INSTALLS = (f"{PATH}; before=/var/lib/patchwave-before-$PATCHWAVE_WAVE; "
            "[ -e $before ] || dpkg-query --show --showformat='${Package}=${Version}' \"$PARAMETER_PACKAGE\" > $before; "
            "apt-get --quiet update && apt-get --quiet install --yes \"$PARAMETER_PACKAGE=$PARAMETER_VERSION\"")
STARTS = f"{PATH}; [ \"$(\"$PARAMETER_PACKAGE\")\" = \"$PARAMETER_VERSION\" ]"
PUTS_BACK = (f"{PATH}; before=/var/lib/patchwave-before-$PATCHWAVE_WAVE; [ -e $before ] || exit 0; "
             "apt-get --quiet install --yes --allow-downgrades \"$(cat $before)\" || "
             "dpkg --install /etc/machine/packages/*.deb")
PARAMETERS = [{"name": "package", "pattern": "[a-z0-9.+-]+"}, {"name": "version", "pattern": "[a-z0-9.]+"}]


class NodeStage:
    """A pool under a policy, with an app of one pod a node whose budget lets none go, to begin with."""

    story_seconds = 300
    at_once = 1

    def __init__(self, world):
        self.world, self.api = world, world.api
        self.most_drained = 0

    def set_up(self):
        self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SHOP}})
        self.api.create(self.app())
        self.api.create({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": APP, "namespace": SHOP},
                         "spec": {"selector": {"matchLabels": {"app": APP}}, "minAvailable": self.copies}})
        wait_until(lambda: self.budget().get("currentHealthy") == self.copies, 120, f"the {self.copies} pods of {APP} are ready")
        self._create("NodeRecipe", "agent", self.recipe())
        self._create("PatchPolicy", "nodes", {
            "mode": "Automatic", "disruption": {"maxUnavailable": self.at_once},
            "targets": {"nodePools": [{
                "name": POOL, "nodeSelector": {"matchLabels": {"pool": POOL}},
                "provider": {"inPlace": {"recipe": "agent", "reboot": self.reboot}},
                "drain": {"deadline": "60s", "barePods": "Evict"}}]},
            "waves": self.waves_wanted})

    def publish(self, version):
        name = f"agent-{version}"
        self._create("Patch", name, {"subject": {"nodePool": POOL},
                                     "to": {"version": version, "parameters": {"package": PACKAGE, "version": version}}})
        return name

    def look(self, title, elapsed, patch_name, version):
        try:
            status = self.api.get("Patch", patch_name, NAMESPACE).get("status", {})
        except ApiError:
            status = {}
        nodes = self.nodes()
        drained = [node for node in nodes if RECORD in node["metadata"].get("annotations", {})]
        self.most_drained = max(self.most_drained, len(drained))
        return Snapshot(
            title=title, elapsed=elapsed, new_version=version, bad_version="",
            patch={"name": patch_name, "phase": status.get("phase") or "Pending", "quarantine": status.get("quarantine")},
            waves=[node_wave(wave) for wave in self.waves(patch_name)],
            nodes={f"Node {node['metadata']['name']}": self.words_of(node) for node in nodes})

    def waves(self, patch_name):
        waves = [wave for wave in self.api.list("PatchWave", NAMESPACE) if wave["spec"]["patchRef"]["name"] == patch_name]
        return sorted(waves, key=lambda wave: wave["spec"]["order"])

    def nodes(self):
        return [node for node in self.api.list("Node") if node["metadata"]["labels"].get("pool") == POOL]

    def words_of(self, node):
        drained = ", drained" if RECORD in node["metadata"].get("annotations", {}) else ""
        return f"{self.version_on(node):7}{drained}"

    def versions(self):
        return [self.version_on(node) for node in self.nodes()]

    def jobs(self):
        return self.api.list("Job", NODE_JOBS["namespace"])

    def budget(self):
        return self.api.get("PodDisruptionBudget", APP, SHOP).get("status") or {}

    def relax_budget(self):
        self.api.patch("PodDisruptionBudget", APP, SHOP, {"spec": {"minAvailable": self.copies - self.at_once}})

    def all_take_pods(self):
        return not any(node["spec"].get("unschedulable") or RECORD in node["metadata"].get("annotations", {})
                       for node in self.nodes())

    def _create(self, kind, name, spec):
        self.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": kind, "spec": spec,
                         "metadata": {"name": name, "namespace": NAMESPACE}})


class MachineStage(NodeStage):
    """Three machines with a Debian package of which an update is pending."""

    old, good, bad = INSTALLED, UPDATE, "1.0.2"
    reboot = "Always"
    copies = 3
    waves_wanted = [{"name": "canary", "select": {"count": 1}, "stepBake": "5s", "bake": "5s", "progressDeadline": "90s"},
                    {"name": "rest", "stepBake": "5s", "bake": "5s", "progressDeadline": "90s"}]

    def __init__(self, world):
        super().__init__(world)
        self.image = push_image(world)
        self.before = self.boots()

    def recipe(self):
        steps = {name: {"command": on_the_machine(script), "timeout": "2m"}
                 for name, script in (("patch", INSTALLS), ("verify", STARTS), ("undo", PUTS_BACK))}
        return {"image": self.image, "privileged": True, "hostPID": True, "parameters": PARAMETERS, **steps,
                "reboot": {"command": BOOTS, "timeout": "1m"}}

    def app(self):
        # The machines' own pause image says all that is needed: that it runs.
        return app_of(self.copies, f"{self.world.registry.host}/machines/pause:1")

    def publish(self, version):
        self.world.packages.publish(version, starts=version != self.bad)
        return super().publish(version)

    def version_on(self, node):
        """What the program itself says on the machine, which the operator never asks."""
        try:
            said = self.world.machines.run(node["metadata"]["name"], PACKAGE, capture_output=True, text=True, check=False)
        except OSError:
            return "boots"
        return "broken" if "cannot start" in said.stderr else said.stdout.strip() or "boots"

    def boots(self):
        return {node["metadata"]["name"]: node["status"]["nodeInfo"]["bootID"] for node in self.nodes()}

    def proven(self, version):
        booted_anew = all(boot != self.before[name] for name, boot in self.boots().items())
        expect(booted_anew, "a machine that was to be booted anew has the boot ID of before")
        return set(self.versions()) == {version}


class PretendedStage(NodeStage):
    """Forty pretended nodes in three waves: their Jobs end as kwok is told, and nothing boots."""

    old, good, bad = "0.9", "1.0", "broken"
    reboot = "Never"
    at_once = 8
    copies = 40
    pace = {"stepBake": "1s", "bake": "1s", "progressDeadline": "60s"}
    waves_wanted = [{"name": "canary", "select": {"count": 1}, **pace},
                    {"name": "some", "select": {"percent": 25}, "maxUnavailable": 8, **pace},
                    {"name": "rest", "maxUnavailable": 8, **pace}]

    def recipe(self):
        return {"image": "registry.example.com/tools/node-shell@sha256:" + "a" * 64, "parameters": PARAMETERS,
                **{step: {"command": ["/" + step]} for step in ("patch", "verify", "undo")}}

    def app(self):
        return app_of(self.copies, "ledger:1")

    def version_on(self, node):
        """All that there is of a pretended node: what was left on it as proof."""
        proof = node["metadata"].get("annotations", {}).get(PROOF, "")
        return self.digests.get(proof, "?") if proof else self.old

    @property
    def digests(self):
        """Versions by what the operator writes down for them."""
        patches = [patch for patch in self.api.list("Patch", NAMESPACE) if (patch.get("status") or {}).get("digest")]
        return {f"agent@{patch['status']['digest']}": patch["spec"]["to"]["version"] for patch in patches}

    def proven(self, version):
        return set(self.versions()) == {version}


def app_of(copies, image):
    """A pod a node, which needs not wait for its node to come back."""
    labels = {"app": APP}
    return {
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": APP, "namespace": SHOP},
        "spec": {"replicas": copies, "selector": {"matchLabels": labels}, "template": {
            "metadata": {"labels": labels}, "spec": {
                "terminationGracePeriodSeconds": 1, "nodeSelector": {"pool": POOL},
                "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "kubernetes.io/hostname",
                                               "whenUnsatisfiable": "DoNotSchedule", "nodeTaintsPolicy": "Honor",
                                               "labelSelector": {"matchLabels": labels}}],
                "containers": [{"name": "app", "image": image}]}}}}


def node_wave(wave):
    """As of any wave, with the step that a node is at behind its state."""
    shown = wave_of(wave)
    steps = {target["name"]: (target.get("node") or {}).get("step", "") for target in (wave.get("status") or {}).get("targets") or []}
    for target in shown["targets"]:
        if target["state"] in ("Patching", "RollingBack") and steps.get(target["name"]):
            target["state"] += ", " + steps[target["name"]]
    return shown


def budget_story(stage, screen):
    """Returns the patch that waits."""
    patch = stage.publish(stage.good)

    def ends(snapshot):
        return any(wave["hold"] and wave["hold"]["reason"] == "PreflightFailed" for wave in snapshot.waves)

    last = go_on(stage, screen, f"1. The budget of {APP} lets no pod go", patch, stage.good, ends)
    hold = next(wave["hold"] for wave in last.waves if wave["hold"] and wave["hold"]["reason"] == "PreflightFailed")
    needs = f"PDB {SHOP}/{APP} needs {stage.copies} and has {stage.copies}"
    expect(needs in hold["message"], f"the hold does not name the budget: {hold['message']}")
    expect(stage.most_drained == 0 and not stage.jobs(), "a node was touched before its budget was looked at")
    print(f"{hold['message']}\n\nNothing was touched. Somebody lets {stage.at_once} of its pods go at a time.\n")
    return patch


def good_story(stage, screen, patch):
    def ends(snapshot):
        wrong = {"RolledBack", "RollbackFailed", "Cancelled"} & set(phases(snapshot))
        expect(not wrong, f"a wave of the good patch ended as {', '.join(wrong)}")
        return set(phases(snapshot)) == {"Succeeded"} and len(snapshot.waves) == len(stage.waves_wanted)

    def canary_first(snapshot):
        for before, after in zip(phases(snapshot), phases(snapshot)[1:]):
            expect(after not in FAR or before == "Succeeded", "a wave began before the one before it had succeeded")

    go_on(stage, screen, f"2. A good patch: {PACKAGE} {stage.old} -> {stage.good}", patch, stage.good, ends, canary_first)
    expect(stage.proven(stage.good), f"the nodes run {stage.versions()}, not {stage.good}")
    expect(stage.all_take_pods(), "a node takes no pods")
    expect(0 < stage.most_drained <= stage.at_once, f"{stage.most_drained} nodes were drained at once")


def bad_story(stage, screen):
    def never_further(snapshot):
        for wave in snapshot.waves[1:]:
            expect(wave["phase"] in ("Pending", "Waiting", "Cancelled"), f"wave {wave['name']} got to {wave['phase']}")

    def ends(snapshot):
        wrong = {"Succeeded", "RollbackFailed", "Cancelled"} & set(phases(snapshot))
        expect(not wrong, f"a wave of the bad patch ended as {', '.join(wrong)}")
        return phases(snapshot)[:1] == ["RolledBack"] and snapshot.patch["quarantine"] and stage.all_take_pods()

    last = follow(stage, screen, f"3. A bad patch: {PACKAGE} {stage.good} -> {stage.bad}, which does not start", stage.bad, ends,
                  never_further)
    harm = last.waves[0]["harm"]
    expect(harm["gate"] == "node" and "Verify step failed" in harm["message"], f"the harm is another one: {harm}")
    expect(stage.proven(stage.good), f"the nodes run {stage.versions()}, not {stage.good}")


def tell(stage):
    screen = Screen(sys.stdout)
    patch = budget_story(stage, screen)
    stage.relax_budget()
    good_story(stage, screen, patch)
    bad_story(stage, screen)
    print(f"All three happened: a budget that could not be met was named and nothing touched; every node runs {PACKAGE} "
          f"{stage.good}, as the nodes say; {stage.bad} was taken back from the first node and is in quarantine.\n"
          f"At most {stage.most_drained} of {len(stage.nodes())} nodes were out of service at once.\n")


def start_operator(world):
    operator = Operator(world, install_rights(world.cluster, "--set=nodeJobs.enabled=true"))
    with world.steps.step("Patchwave is ready, with the rights of its chart and no more"):
        operator.start(nodeJobs=NODE_JOBS)
    return operator


def on_machines(world):
    """From nothing; returns the stage."""
    for name in ("patchwave", "pause"):
        program(name)  # Says what to do when there is none, before anything is started.
    print("Starting a control plane, a registry, a package repository and three machines", file=sys.stderr)
    world.up(machines=3)
    world.install_kinds()
    start_operator(world)
    stage = MachineStage(world)
    with world.steps.step(f"every machine has {PACKAGE} {INSTALLED}, and {APP} runs on each"):
        stage.set_up()
    print(file=sys.stderr)
    return stage


def on_pretended_nodes(world):
    """From nothing; returns the stage."""
    program()
    print("Starting a control plane and forty nodes", file=sys.stderr)
    world.up(nodes=PretendedStage.copies)
    world.install_kinds()
    start_operator(world)
    stage = PretendedStage(world)
    with world.steps.step(f"{APP} runs on each of {stage.copies} nodes"):
        stage.set_up()
    print(file=sys.stderr)
    return stage


def how_to_look_around(world, kept):
    if not kept:
        print("Look around: ./dev demo --story nodes --keep leaves all of this running.")
        return
    print(f"""The cluster is still up. Look around:

  export KUBECONFIG={world.cluster.admin_kubeconfig}
  export PATH={program().parent}:{world.cluster.described["binaries"]}:$PATH
  kubectl get nodes
  kubectl -n {NAMESPACE} get pp,patch,pw,noderecipe
  kubectl -n {NODE_JOBS["namespace"]} get jobs
  kubectl patchwave preflight nodes --selector pool={POOL}

The operator's log: {world.processes.log("operator")}
./dev cluster down stops it.""")
