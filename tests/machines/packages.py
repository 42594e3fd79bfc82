"""Debian packages of ours, and a repository that has an update of what each machine begins with."""

import hashlib
import subprocess
import sys
import tempfile
from email.utils import formatdate
from pathlib import Path

from controlplane.processes import answers, free_ports, wait_until

PACKAGE = "storefront-agent"
INSTALLED, UPDATE = "1.0.0", "1.0.1"


class PackageRepository:
    """A flat repository on loopback. What its machines install at their first boot is not in it: it has the update."""

    def __init__(self, processes):
        self.processes = processes
        self.port = None

    @property
    def _folder(self):
        return self.processes.state / "packages"

    def up(self):
        self._folder.mkdir(parents=True, exist_ok=True)
        self.publish(UPDATE)
        self.port = free_ports(1)[0]
        self.processes.start("packages", [
            sys.executable, "-m", "http.server", self.port, "--bind=127.0.0.1", f"--directory={self._folder}"])
        wait_until(self._serves, 30, lambda: f"packages served\n{self.processes.last_words('packages')}")

    def publish(self, version, starts=True):
        """Adds a version of the package; one that does not start is there all the same."""
        build(self._folder, PACKAGE, version, starts)
        write_indexes(self._folder)

    def furnish(self, config, address):
        """What a machine boots with: where it finds packages, and those that it installs the first time."""
        for name in ("apt", "packages"):
            (config / name).mkdir(exist_ok=True)
        # Not signed: key and packages would come from the same hand, over a bridge that leads nowhere else.
        (config / "apt" / "machines.list").write_text(f"deb [trusted=yes] http://{address}:{self.port}/ ./\n")
        build(config / "packages", PACKAGE, INSTALLED)

    def _serves(self):
        self.processes.require("packages")
        return answers(f"http://127.0.0.1:{self.port}/Packages")


def build(folder, package, version, starts=True):
    """Makes the package in `folder`: one program, which says its version, or ends with an error before that."""
    says = f"echo {version}" if starts else "echo cannot start >&2; exit 1"
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        program, control = root / "usr" / "bin" / package, root / "DEBIAN" / "control"
        for path, text in (
                (program, f"#!/bin/sh\n{says}\n"),
                (control, f"Package: {package}\nVersion: {version}\nArchitecture: all\nPriority: optional\nSection: admin\n"
                          "Maintainer: Patchwave <patchwave@example.com>\nDescription: says its version\n")):
            path.parent.mkdir(parents=True)
            path.write_text(text)
        # Packages hold the modes of their folders, and a temporary one is closed to all others.
        for path in (root, *root.rglob("*")):
            path.chmod(0o755)
        control.chmod(0o644)
        subprocess.run(["dpkg-deb", "--root-owner-group", "--build", root, folder / f"{package}_{version}_all.deb"],
                       check=True, stdout=subprocess.DEVNULL)


def write_indexes(folder):
    """Packages and Release, by which apt knows what there is."""
    index = folder / "Packages"
    index.write_text("\n".join(_entry(path) for path in sorted(folder.glob("*.deb"))))
    (folder / "Release").write_text(
        f"Origin: Patchwave\nSuite: stable\nDate: {formatdate(usegmt=True)}\nSHA256:\n"
        f" {_digest(index)} {index.stat().st_size} {index.name}\n")


def _entry(path):
    fields = subprocess.run(["dpkg-deb", "--field", path], check=True, stdout=subprocess.PIPE, text=True).stdout
    return f"{fields}Filename: ./{path.name}\nSize: {path.stat().st_size}\nSHA256: {_digest(path)}\n"


def _digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
