"""Feeds as their publishers serve them, on loopback: what they say, and what becomes of them, is the test's."""

import gzip
import hashlib
import http.server
import json
import threading
from datetime import datetime, timezone


def today():
    return datetime.now(timezone.utc).strftime("%Y-%m-%d")


def epss(scores, day=None):
    lines = [f"#model_version:v2025.03.14,score_date:{day or today()}T00:00:00+0000", "cve,epss,percentile"]
    lines += [f"{cve},{score},{percentile}" for cve, (score, percentile) in scores.items()]
    return gzip.compress("\n".join(lines).encode(), mtime=0)


def kev(*cves, day=None):
    return json.dumps({"catalogVersion": (day or today()).replace("-", "."), "vulnerabilities": [
        {"cveID": cve, "dateAdded": day or today(), "knownRansomwareCampaignUse": "Unknown"} for cve in cves]}).encode()


class FeedServer:
    """`files` by path. Answers conditional requests; counts what was sent whole."""

    def __init__(self):
        self.files, self.sent, self.asked = {}, [], []
        feeds = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                feeds.asked.append(self.path)
                body = feeds.files.get(self.path)
                if body is None:
                    self.answer(503, b"")
                    return
                tag = f'"{hashlib.sha256(body).hexdigest()}"'
                if self.headers.get("If-None-Match") == tag:
                    self.answer(304, b"")
                    return
                feeds.sent.append(self.path)
                self.answer(200, body, {"ETag": tag})

            def answer(self, status, body, headers=None):
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self._server.server_port}"

    def close(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
