"""Debian's Prometheus with short intervals, and the load simulator that it scrapes."""

import json
import sys
import urllib.parse
import urllib.request
from pathlib import Path

import yaml

from controlplane.processes import answers, free_ports, wait_until

HERE = Path(__file__).resolve().parent
TESTS = HERE.parent


class Prometheus:
    """Its folder, its configuration and its process. `operators` is a list of host:port of operators' metrics; it takes
    that up within a second."""

    def __init__(self, processes):
        self.processes = processes

    @property
    def state(self):
        return self.processes.state / "telemetry"

    @property
    def prometheus_url(self):
        return f"http://127.0.0.1:{json.loads(self._ports.read_text())['prometheus']}"

    @property
    def _ports(self):
        return self.state / "ports.json"

    def configure(self, ports, scrape_configs):
        """`ports` by name, "prometheus" among them."""
        self.state.mkdir(parents=True, exist_ok=True)
        self._ports.write_text(json.dumps(ports))
        self.operators([])
        (self.state / "prometheus.yaml").write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(HERE / "prometheus.rules.yaml")],
            "scrape_configs": [*scrape_configs, {
                "job_name": "patchwave",
                "file_sd_configs": [{"files": [str(self.state / "operators.json")], "refresh_interval": "1s"}]}]}))

    def start_prometheus(self):
        self.processes.start("prometheus", [
            "prometheus", f"--config.file={self.state}/prometheus.yaml", f"--storage.tsdb.path={self.state}/data",
            f"--web.listen-address={self.prometheus_url.removeprefix('http://')}", "--storage.tsdb.retention.time=6h",
            "--log.level=warn"], cwd=self.state)
        wait_until(lambda: self._up("prometheus", f"{self.prometheus_url}/-/ready"), 60, "Prometheus ready")

    def stop_prometheus(self):
        self.processes.stop("prometheus")

    def operators(self, addresses):
        targets = self.state / "operators.json.new"
        targets.write_text(json.dumps([{"targets": list(addresses)}]))
        targets.rename(self.state / "operators.json")

    def query(self, promql):
        """The samples of an instant query: a list of (labels, value)."""
        url = f"{self.prometheus_url}/api/v1/query?query={urllib.parse.quote(promql)}"
        with urllib.request.urlopen(url, timeout=5) as response:
            result = json.load(response)["data"]["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in result]

    def _up(self, name, url):
        self.processes.require(name)
        return answers(url)


class Telemetry(Prometheus):
    """Prometheus, and the traffic of pods that nobody runs."""

    @property
    def load_simulator_url(self):
        return f"http://127.0.0.1:{json.loads(self._ports.read_text())['load_simulator']}"

    def up(self, kubeconfig):
        prometheus, load_simulator = free_ports(2)
        self.configure({"prometheus": prometheus, "load_simulator": load_simulator}, [
            {"job_name": "load-simulator", "honor_labels": True,
             "static_configs": [{"targets": [f"127.0.0.1:{load_simulator}"]}]}])
        self.processes.start("load-simulator", [
            sys.executable, TESTS / "load_simulator" / "load_simulator.py", f"--kubeconfig={kubeconfig}",
            f"--port={load_simulator}", f"--behaviour={TESTS / 'load_simulator' / 'behaviour.yaml'}"],
            env={"PYTHONPATH": str(TESTS)})
        self.start_prometheus()
        wait_until(lambda: self._up("load-simulator", f"{self.load_simulator_url}/healthz"), 60, "load simulator ready")

    def down(self):
        self.processes.stop("prometheus", "load-simulator")

    def control(self, **change):
        """Changes how the load simulator behaves: see its file."""
        request = urllib.request.Request(f"{self.load_simulator_url}/control", data=json.dumps(change).encode())
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)
