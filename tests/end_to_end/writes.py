"""What the operator wrote, as the API server's audit tells it.

The API server asks before it carries out a write ("RequestReceived") and again after it ("ResponseComplete"), and
waits for the answer each time. A test may therefore stop the operator right before or right after any of its writes.
"""

import http.server
import json
import threading
from dataclasses import dataclass

RECEIVED, COMPLETE = "RequestReceived", "ResponseComplete"
WORKLOADS = ("deployments", "statefulsets", "daemonsets", "pods", "nodes")


@dataclass(frozen=True)
class Write:
    stage: str
    verb: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int

    @classmethod
    def from_event(cls, event):
        reference = event.get("objectRef", {})
        return cls(event["stage"], event["verb"], reference.get("resource", ""), reference.get("subresource", ""),
                   reference.get("namespace", ""), reference.get("name", ""),
                   event.get("responseStatus", {}).get("code", 0))

    def __str__(self):
        place = "/".join(filter(None, (self.resource, self.subresource)))
        return f"{self.verb} {place} {self.namespace}/{self.name} ({self.stage})"


class Writes:
    """The address for the API server's audit webhook, and what came in."""

    def __init__(self):
        self._lock = threading.Lock()
        self._seen = []
        self._listener = None
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}/"

    def close(self):
        self._server.shutdown()
        self._server.server_close()

    def on_write(self, listener):
        """`listener(write)` is called while the API server waits; None ends it."""
        self._listener = listener

    def to(self, namespace, resources=WORKLOADS):
        """Completed writes to workloads of a namespace."""
        with self._lock:
            return [write for write in self._seen if write.stage == COMPLETE and write.namespace == namespace
                    and write.resource in resources and write.code < 300]

    def _take(self, event):
        write = Write.from_event(event)
        with self._lock:
            self._seen.append(write)
            listener = self._listener
        if listener and write.resource != "leases":
            listener(write)

    def _handler(writes):  # noqa: N805 - the inner class has the self that matters
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                try:
                    for event in json.loads(body)["items"]:
                        writes._take(event)
                finally:
                    self.send_response(200)
                    self.send_header("Content-Length", "0")
                    self.end_headers()

            def log_message(self, *_):
                pass

        return Handler
