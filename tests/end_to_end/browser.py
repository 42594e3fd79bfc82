"""A page in headless Chromium, without a network, by the DevTools protocol over a pipe."""

import base64
import fcntl
import json
import os
import select
import signal
import subprocess
import time

# Chromium reads requests here and writes answers there, each ended by a zero byte.
READS, WRITES = 3, 4
SECONDS = 60


class Browser:
    """Each open() is a page of its own; `requests` and `errors` are of all of them."""

    def __init__(self, folder):
        from_here, self.requests_to = (self._apart(end) for end in os.pipe())
        self.answers_from, to_here = (self._apart(end) for end in os.pipe())

        def hand_over():
            os.dup2(from_here, READS)
            os.dup2(to_here, WRITES)

        self.log = (folder / "chromium.log").open("wb")
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             "--disable-component-update", "--hide-scrollbars", f"--user-data-dir={folder / 'profile'}", "--remote-debugging-pipe"],
            stdout=self.log, stderr=self.log, pass_fds=(READS, WRITES), preexec_fn=hand_over, start_new_session=True)
        os.close(from_here)
        os.close(to_here)
        self.number, self.unread, self.session = 0, b"", None
        self.requests, self.errors, self.loaded = [], [], False

    @staticmethod
    def _apart(descriptor):
        """Above those that Chromium is given, so that neither end is one of them."""
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 20)
        os.close(descriptor)
        return moved

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.requests_to)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait(timeout=10)
        os.close(self.answers_from)
        self.log.close()

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session and not method.startswith("Target."):
            message["sessionId"] = self.session
        os.write(self.requests_to, json.dumps(message).encode() + b"\0")
        answer = self._until(lambda message: message.get("id") == self.number)
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def _until(self, wanted):
        end = time.monotonic() + SECONDS
        while True:
            message = self._next(end)
            self._note(message)
            if wanted(message):
                return message

    def _next(self, end):
        while b"\0" not in self.unread:
            left = end - time.monotonic()
            assert left > 0 and select.select([self.answers_from], [], [], left)[0], f"Chromium does not answer in {SECONDS} s"
            piece = os.read(self.answers_from, 1 << 20)
            assert piece, f"Chromium ended with {self.process.poll()}"
            self.unread += piece
        message, _, self.unread = self.unread.partition(b"\0")
        return json.loads(message)

    def _note(self, message):
        parameters = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Runtime.exceptionThrown":
                self.errors.append(parameters["exceptionDetails"])
            case "Runtime.consoleAPICalled" | "Log.entryAdded":
                self.errors.append(parameters)
            case "Page.loadEventFired":
                self.loaded = True

    def open(self, path, width, height):
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.loaded = False
        self.call("Page.navigate", url=path.as_uri())
        if not self.loaded:
            self._until(lambda _: self.loaded)

    def evaluate(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def screenshot(self, path):
        """Of the whole page, not only of what a window shows."""
        image = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(image["data"]))
