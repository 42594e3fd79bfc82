"""A real Prometheus whose past is written in advance, so that nobody has to wait for it."""

import subprocess
import time

from controlplane.pki import authority, server
from controlplane.processes import Processes, free_ports, wait_until

SCRAPE_SECONDS = 15
BEFORE_SECONDS = 600
REQUESTS_A_SCRAPE = 100
USER, PASSWORD = "jane", "se:cret"


class RecordedPrometheus:
    """The last hour of the workload web in two namespaces. Its change was made at `change`: in `shop` the new pod fails at one
    request in ten, in `blog` at as few as the two old ones, one in a hundred."""

    OLD = ("web-5d8f7c9b6d-x7k2p", "web-5d8f7c9b6d-b4m9z")
    NEW = "web-7d9c8b5f4d-k8t6h"

    def __init__(self, folder):
        self.folder = folder
        self.processes = Processes(folder, outlive=False)
        self.end = int(time.time()) // SCRAPE_SECONDS * SCRAPE_SECONDS
        self.change = self.end - 3600
        self.url = self.secured_url = None

    @property
    def ca_file(self):
        return self.folder / "ca.crt"

    def up(self):
        self._write_past()
        authority(self.folder)
        server(self.folder, "prometheus")
        hashed = subprocess.run(["htpasswd", "-nbBC", "4", USER, PASSWORD], check=True, capture_output=True, text=True).stdout.strip()
        name, _, password = hashed.partition(":")
        (self.folder / "web.yaml").write_text(f"tls_server_config: {{cert_file: prometheus.crt, key_file: prometheus.key}}\n"
                                              f"basic_auth_users: {{{name}: '{password}'}}\n")
        plain, secured = free_ports(2)
        self.url, self.secured_url = f"http://127.0.0.1:{plain}", f"https://127.0.0.1:{secured}/prometheus/"
        self._start("plain", plain)
        self._start("secured", secured, "--web.config.file=web.yaml", "--web.route-prefix=/prometheus")
        return self

    def down(self):
        self.processes.stop(*self.processes.names(), grace_seconds=1)

    def _start(self, name, port, *more):
        """Each has a copy of the past, since a Prometheus locks its own."""
        data = self.folder / name
        subprocess.run(["cp", "-r", self.folder / "past", data], check=True)
        (self.folder / "prometheus.yaml").touch()
        self.processes.start(name, [
            "prometheus", "--config.file=prometheus.yaml", f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=10d",
            f"--web.listen-address=127.0.0.1:{port}", *more], cwd=self.folder)
        wait_until(lambda: self._is_ready(name), 60, f"the {name} Prometheus is ready")

    def _is_ready(self, name):
        self.processes.require(name)
        return "Server is ready to receive web requests" in self.processes.log(name).read_text()

    def _write_past(self):
        (self.folder / "past.om").write_text("\n".join([*self._lines(), "# EOF\n"]))
        subprocess.run(["promtool", "tsdb", "create-blocks-from", "openmetrics", self.folder / "past.om", self.folder / "past"],
                       check=True, capture_output=True)

    def _lines(self):
        yield "# TYPE http_requests counter"
        for namespace, bad in (("shop", 10), ("blog", 1)):
            pods = [(pod, self.change - BEFORE_SECONDS, 1) for pod in self.OLD] + [(self.NEW, self.change + 20, bad)]
            for pod, begin, failing in pods:
                for scrape, at in enumerate(range(begin, self.end + 1, SCRAPE_SECONDS), 1):
                    for code, rise in (("200", REQUESTS_A_SCRAPE - failing), ("500", failing)):
                        labels = f'namespace="{namespace}",pod="{pod}",job="web",instance="{pod}:8080",code="{code}"'
                        yield f"http_requests_total{{{labels}}} {rise * scrape} {at}"
