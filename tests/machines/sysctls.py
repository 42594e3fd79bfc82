"""Settings of the one kernel that kubelets change for all: remembered before, put back after."""

import json
from pathlib import Path

NAMES = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
         "kernel/keys/root_maxbytes")


def _file(name):
    return Path("/proc/sys") / name


def remember(path):
    """Writes what they are to `path`. What stands there from a run that was killed is older, and so is kept."""
    if not path.exists():
        path.write_text(json.dumps({name: _file(name).read_text().strip() for name in NAMES if _file(name).exists()}))


def put_back(path):
    if not path.exists():
        return
    for name, value in json.loads(path.read_text()).items():
        if _file(name).read_text().strip() != value:
            _file(name).write_text(value)
    path.unlink()
