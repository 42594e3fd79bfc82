"""Programs that are started, recorded and stopped by what was recorded, never by name.

A record has the pid and the kernel's start time of it: a pid that was given to another program since is left alone.
"""

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

POLL_SECONDS = 0.05
PORTS = range(20000, 32000)


class NotReady(Exception):
    """Something didn't come up, or didn't come to pass, by its deadline."""


def free_ports(count):
    """Ports of loopback that nobody listens on and nobody else was given: test runs side by side draw from one row.

    They lie below the range that the kernel takes for outgoing connections, which could have one before its server.
    """
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "patchwave"
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "ports", "a+", encoding="ascii") as row:
        fcntl.flock(row, fcntl.LOCK_EX)
        row.seek(0)
        last = int(row.read() or PORTS.start)
        found = []
        for step in range(1, len(PORTS)):
            port = PORTS[(last - PORTS.start + step) % len(PORTS)]
            if _is_free(port):
                found.append(port)
            if len(found) == count:
                row.truncate(0)
                row.write(str(port))
                return found
    raise NotReady(f"no {count} free ports from {PORTS.start} to {PORTS.stop}")


def _is_free(port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def wait_until(question, seconds, what):
    """Polls `question` until it answers with something true, and returns that. `what` is for the error."""
    deadline = time.monotonic() + seconds
    while True:
        answer = question()
        _end_if_told()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise NotReady(f"after {seconds} s still not: {what() if callable(what) else what}")
        time.sleep(POLL_SECONDS)


def answers(url, timeout=1):
    """Whether a plain HTTP address answers with a success."""
    try:
        with urllib.request.urlopen(url, timeout=timeout) as response:
            return 200 <= response.status < 300
    except (OSError, urllib.error.URLError):
        return False


def _start_time(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def process_record(pid):
    """What tells a process from a later one of the same pid."""
    return {"pid": pid, "started": _start_time(pid)}


def running(record):
    """The pid of the recorded process while it runs, else None."""
    is_it = record["started"] is not None and _start_time(record["pid"]) == record["started"]
    return record["pid"] if is_it else None


def children(pid):
    """The pids that this process has forked and that it would have to wait for; none of one that has ended."""
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


# Signals that this program unwinds for, and how many blocks must be done first.
_told = []
_blocks = 0


def unwind_at_the_end():
    """From now on SIGTERM and SIGHUP unwind this program as Ctrl-C does, so that it takes down what it started."""
    def unwind(received, _):
        _told.append(received)
        sys.exit(128 + received)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, unwind)


def _end_if_told():
    """An object that is being deleted swallows what a handler raises meanwhile, without a word: who waits asks again."""
    if _told and not _blocks and threading.current_thread() is threading.main_thread():
        sys.exit(128 + _told[0])


@contextlib.contextmanager
def uninterrupted():
    """Signals that would end this program wait until what is begun here is done and on record."""
    if threading.current_thread() is not threading.main_thread():
        yield  # Handlers run in the main thread alone.
        return
    global _blocks
    _blocks += 1
    waiting = []
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    handlers = {number: handler for number, handler in handlers.items() if handler not in (None, signal.SIG_IGN)}
    for number in handlers:
        signal.signal(number, lambda received, _: waiting.append(received))
    try:
        yield
    finally:
        _blocks -= 1
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in waiting:
            signal.raise_signal(number)


def die_with_parent():
    """For preexec_fn: the child is killed when its parent ends, however that ends."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


class Processes:
    """The programs of one state folder: `<state>/processes/<name>.json`, logs in `<state>/logs/<name>.log`."""

    def __init__(self, state, outlive=True):
        self.state = Path(state)
        self.outlive = outlive
        self._children = {}
        self._commands = {}
        for folder in ("processes", "logs"):
            (self.state / folder).mkdir(parents=True, exist_ok=True)

    def log(self, name):
        return self.state / "logs" / f"{name}.log"

    def start(self, name, command, env=None, cwd=None):
        command = [str(word) for word in command]
        with uninterrupted(), open(self.log(name), "ab") as log:
            child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, cwd=cwd,
                env={**os.environ, **(env or {})}, start_new_session=self.outlive, close_fds=True,
                preexec_fn=None if self.outlive else die_with_parent)
            record = {**process_record(child.pid), "command": command}
            self._record(name).write_text(json.dumps(record))
        self._children[name] = child
        self._commands[name] = command
        return child

    def start_again(self, name):
        """The same command once more, after a stop."""
        return self.start(name, self._commands[name])

    def names(self):
        return sorted(path.stem for path in (self.state / "processes").glob("*.json"))

    def pid(self, name):
        """The pid of a program that runs, else None."""
        try:
            record = json.loads(self._record(name).read_text())
        except (OSError, ValueError):
            return None
        return running(record)

    def require(self, name):
        """Ends the wait for a program early when it has ended: its last words say more than a deadline."""
        if self.pid(name) is None:
            raise NotReady(f"{name} ended; the end of {self.log(name)}:\n{self.last_words(name)}")

    def last_words(self, name, lines=15):
        try:
            return "\n".join(self.log(name).read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(no log)"

    def signal(self, name, number):
        pid = self.pid(name)
        if pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)
        return pid

    def stop(self, *names, grace_seconds=5):
        """Asks all of them to end, then ends those that don't."""
        for name in names:
            self.signal(name, signal.SIGTERM)
        deadline = time.monotonic() + grace_seconds
        while any(self._alive(name) for name in names) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        for name in names:
            self.kill(name)

    def kill(self, name):
        self.signal(name, signal.SIGKILL)
        if name in self._children:
            self._children.pop(name).wait()
        wait_until(lambda: self.pid(name) is None, 10, f"{name} gone after SIGKILL")
        self._record(name).unlink(missing_ok=True)

    def _alive(self, name):
        child = self._children.get(name)
        if child is not None:
            return child.poll() is None
        return self.pid(name) is not None

    def _record(self, name):
        return self.state / "processes" / f"{name}.json"


class Steps:
    """Prints what is being done and how long it took."""

    def __init__(self, stream=sys.stderr):
        self._stream = stream

    @contextlib.contextmanager
    def step(self, text):
        started = time.monotonic()
        yield
        print(f"  {text} ({time.monotonic() - started:.1f} s)", file=self._stream, flush=True)
