"""What machines of ours need from the one that they run on.

As a program it says what keeps this one from running them, but for programs, which `./dev` installs.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CGROUPS = "sys/fs/cgroup"
CONTROLLERS = ("cpu", "cpuset", "memory", "pids", "devices", "freezer", "blkio")
TOOLS = ("ip", "unshare", "nsenter", "mmdebstrap", "dpkg-deb", "socat", "buildah", "docker-registry", "prometheus")
KERNEL = {"overlay": "overlay filesystems", "bridge": "bridges", "veth": "pairs of virtual Ethernet devices",
          "nf_conntrack": "connection tracking"}


def can_make_link(kind):
    """A kernel without modules shows nowhere which kinds of links it has, so one is made."""
    name = f"pwtry{os.getpid() % 100000}"
    try:
        made = subprocess.run(["ip", "link", "add", name, "type", kind], capture_output=True, check=False).returncode == 0
        if made:
            subprocess.run(["ip", "link", "del", name], capture_output=True, check=False)
    except FileNotFoundError:
        return False
    return made


class Host:
    """The machine underneath, as its files and its user show it."""

    def __init__(self, root="/", user=None, release=None, has_program=shutil.which, can_make=can_make_link):
        self.root = Path(root)
        self.user = os.geteuid() if user is None else user
        self.release = release or os.uname().release
        self.has_program, self.can_make = has_program, can_make

    def lacking(self):
        """Sentences, one for each thing that lacks; empty where machines can run."""
        return self.lacking_beyond_programs() + [
            f"the program {tool} is needed and is not there" for tool in TOOLS if not self.has_program(tool)]

    def lacking_beyond_programs(self):
        sentences = []
        if self.user != 0:
            sentences.append("root is needed, and this is another user")
        sentences += [f"the kernel has no {what} ({name})" for name, what in KERNEL.items() if not self._kernel_has(name)]
        missing = [name for name in CONTROLLERS if not (self.root / CGROUPS / name / "cgroup.procs").exists()]
        if missing:
            sentences.append(f"cgroup v1 controllers are needed in /{CGROUPS} and are not there: {', '.join(missing)}")
        return sentences

    def _kernel_has(self, name):
        return self._has_or_can_load(name) or self._shows_it_otherwise(name)

    def _has_or_can_load(self, name):
        modules = self.root / "lib/modules" / self.release
        return (self.root / "sys/module" / name).exists() or any(
            f"/{name}.ko" in line for index in ("modules.builtin", "modules.dep")
            for line in self._lines(modules / index))

    def _shows_it_otherwise(self, name):
        if name == "overlay":
            return any(line.split()[-1:] == ["overlay"] for line in self._lines(self.root / "proc/filesystems"))
        if name == "nf_conntrack":
            return (self.root / "proc/sys/net/netfilter/nf_conntrack_max").exists()
        # Whoever is not root cannot try, and nothing false is said of the kernel.
        return self.user != 0 or self.can_make(name)

    @staticmethod
    def _lines(path):
        return path.read_text().splitlines() if path.exists() else []


def lacking():
    return Host().lacking()


def main():
    sentences = Host().lacking_beyond_programs()
    for sentence in sentences:
        print(sentence)
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
