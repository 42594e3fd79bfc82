"""What a machine of ours needs from the one that it runs on."""

import os
import shutil
from pathlib import Path

CGROUPS = Path("/sys/fs/cgroup")
CONTROLLERS = ("cpu", "cpuset", "memory", "pids", "devices", "freezer", "blkio")
TOOLS = ("ip", "unshare", "nsenter", "mmdebstrap", "socat", "buildah", "docker-registry", "prometheus")
KERNEL = {"overlay": "overlay filesystems", "bridge": "bridges", "veth": "pairs of virtual Ethernet devices",
          "nf_conntrack": "connection tracking"}


def lacking():
    """Sentences, one for each thing that lacks; empty where real machines can run."""
    sentences = []
    if os.geteuid() != 0:
        sentences.append("root is needed, and this is another user")
    sentences += [f"the program {tool} is needed and is not there" for tool in TOOLS if not shutil.which(tool)]
    sentences += [f"the kernel has no {what} ({name})" for name, what in KERNEL.items() if not _kernel_has(name)]
    missing = [name for name in CONTROLLERS if not _is_controller(name)]
    if missing:
        sentences.append(f"cgroup v1 controllers are needed in {CGROUPS} and are not there: {', '.join(missing)}")
    return sentences


def _is_controller(name):
    return (CGROUPS / name / "cgroup.procs").exists()


def _kernel_has(name):
    """Built in, loaded, or there to be loaded."""
    release = os.uname().release
    modules = Path("/lib/modules") / release
    if name == "overlay":
        if any(line.split()[-1] == "overlay" for line in Path("/proc/filesystems").read_text().splitlines()):
            return True
    elif Path("/sys/module", name).exists() or name in _seen_otherwise():
        return True
    return any(f"/{name}.ko" in line for index in ("modules.builtin", "modules.dep") if (modules / index).exists()
               for line in (modules / index).read_text().splitlines())


def _seen_otherwise():
    """A kernel without modules shows no /sys/module of what it has; it shows what that does."""
    found = set()
    if Path("/proc/sys/net/netfilter/nf_conntrack_max").exists():
        found.add("nf_conntrack")
    for kind in ("bridge", "veth"):
        if _can_make(kind):
            found.add(kind)
    return found


def _can_make(kind):
    name = f"pwtry{os.getpid() % 100000}"
    made = os.system(f"ip link add {name} type {kind} 2>/dev/null") == 0
    if made:
        os.system(f"ip link del {name} 2>/dev/null")
    return made
