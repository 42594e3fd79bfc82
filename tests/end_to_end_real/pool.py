"""The pool of all machines under a policy, with a recipe that updates a Debian package and boots anew."""

from controlplane.operator_process import NAMESPACE, NODE_JOBS
from controlplane.processes import wait_until
from machines.node_recipe import BOOTS, PATH, UPDATES, on_the_machine
from machines.packages import PACKAGE, UPDATE

SECONDS = 240
ENDS = ("Succeeded", "RolledBack", "RollbackFailed", "Cancelled")
PROVES = f"{PATH}; [ \"$(dpkg-query --show --showformat='${{Version}}' \"$PARAMETER_PACKAGE\")\" = \"$PARAMETER_VERSION\" ]"
PUTS_BACK = f"{PATH}; dpkg --install /etc/machine/packages/*.deb"


class MachinePool:
    def __init__(self, world, image):
        self.world, self.api, self.image = world, world.api, image

    def open(self, name, delay=0, **settings):
        """A recipe, and a policy that takes one machine first."""
        self.name = name
        steps = {step: {"command": on_the_machine(script), "timeout": "2m"} for step, script in (
            ("patch", f"sleep {delay}; {UPDATES}"), ("verify", PROVES), ("undo", PUTS_BACK))}
        steps["reboot"] = {"command": BOOTS, "timeout": "1m"}
        self._create("NodeRecipe", name, {
            "image": self.image, "privileged": True, "hostPID": True, **steps,
            "parameters": [{"name": "package", "pattern": "[a-z0-9.+-]+"},
                           {"name": "version", "pattern": "[0-9.]+", "default": UPDATE}]})
        self._create("PatchPolicy", name, {
            "mode": "Automatic",
            "targets": {"nodePools": [{"name": name, "nodeSelector": {"matchLabels": {"kubernetes.io/os": "linux"}},
                                       "provider": {"inPlace": {"recipe": name, "reboot": "Always"}},
                                       "drain": {"deadline": "60s", "barePods": "Evict"}, **settings}]},
            "waves": [{"name": "canary", "select": {"count": 1}, "stepBake": "5s", "bake": "3s", "progressDeadline": "60s"},
                      {"name": "rest", "stepBake": "3s", "bake": "3s", "progressDeadline": "60s"}]})

    def close(self):
        """A wave that is at a machine takes that back first: it may boot twice more."""
        try:
            self._delete("Patch", "PatchPolicy")
            self.wait(lambda: not self.waves(), "every wave is gone")
            self._delete("NodeRecipe")  # Not before: its undo may be needed.
        finally:
            for machine in self.world.machines.names:
                self.world.machines.run(machine, "sh", "-c", PUTS_BACK, capture_output=True, check=True)
                self.world.cluster.kubectl("annotate", "node", machine, "patchwave.dev/patched-by-", "--overwrite")

    def publish(self, **parameters):
        self._create("Patch", self.name, {"subject": {"nodePool": self.name},
                                          "to": {"version": "2026-11", "parameters": {"package": PACKAGE, **parameters}}})

    def waves(self):
        return sorted(self.api.list("PatchWave", NAMESPACE), key=lambda wave: wave["spec"].get("order", 1))

    def wave(self, order=1):
        return next((wave for wave in self.waves() if wave["spec"].get("order", 1) == order), {"status": {}})

    def status(self, order=1):
        return self.wave(order).get("status") or {}

    def target(self, state, step=None):
        """The node that is there now, or None."""
        for wave in self.waves():
            for target in (wave.get("status") or {}).get("targets", []):
                if target["state"] == state and step in (None, (target.get("node") or {}).get("step")):
                    return target["name"]
        return None

    def wait(self, question, what, seconds=SECONDS):
        return wait_until(question, seconds, lambda: f"{what}; {self.story()}")

    def ends_as(self, phase, order=1):
        ended = self.wait(lambda: self.status(order).get("phase") in ENDS and self.status(order)["phase"],
                          f"wave {order} ends as {phase}")
        assert ended == phase, self.story()

    def version_on(self, machine):
        return self.world.machines.run(machine, PACKAGE, capture_output=True, text=True, check=True).stdout.strip()

    def boot(self, machine):
        return self.api.get("Node", machine)["status"]["nodeInfo"]["bootID"]

    def schedulable(self, machine):
        node = self.api.get("Node", machine)
        return not node["spec"].get("unschedulable") and \
            "patchwave.dev/cordoned-by" not in node["metadata"].get("annotations", {})

    def story(self):
        waves = [{key: (wave.get("status") or {}).get(key) for key in ("phase", "hold", "harm", "targets")} for wave in self.waves()]
        jobs = [(job["metadata"]["name"], job["metadata"]["annotations"], job.get("status")) for job in self.api.list("Job", NODE_JOBS["namespace"])]
        return f"waves {waves}, jobs {jobs}"

    def _delete(self, *kinds):
        for kind in kinds:
            self.world.cluster.kubectl("-n", NAMESPACE, "delete", kind.lower(), self.name, "--ignore-not-found")

    def _create(self, kind, name, spec):
        self.api.create({"apiVersion": "patchwave.dev/v1alpha1", "kind": kind, "spec": spec,
                         "metadata": {"name": name, "namespace": NAMESPACE}})
