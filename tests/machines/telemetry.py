"""Prometheus over pods that really serve."""

import sys

from controlplane.processes import free_ports, wait_until
from controlplane.telemetry import TESTS, Prometheus


class PodTelemetry(Prometheus):
    def up(self, kubeconfig):
        targets = self.state / "pods.json"
        self.configure({"prometheus": free_ports(1)[0]}, [
            {"job_name": "pods", "honor_labels": True,
             "file_sd_configs": [{"files": [str(targets)], "refresh_interval": "1s"}]},
            {"job_name": "visitors",
             "file_sd_configs": [{"files": [str(self.state / "visitors.json")], "refresh_interval": "1s"}]}])
        self.processes.start("pod-discovery", [
            sys.executable, "-m", "machines.pod_discovery", f"--kubeconfig={kubeconfig}", f"--targets={targets}"],
            env={"PYTHONPATH": str(TESTS)})
        wait_until(targets.exists, 30, lambda: f"pods discovered\n{self.processes.last_words('pod-discovery')}")
        self.start_prometheus()

    def down(self):
        self.processes.stop("prometheus", "pod-discovery")
