"""The Debian root that every machine begins from: made once, kept in the user's cache, never written to again."""

import fcntl
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

PACKAGES = ("containerd", "runc", "containernetworking-plugins", "iptables", "iproute2", "tini", "procps", "kmod",
            "ca-certificates")
LEFT_OUT = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
SOURCES = (Path("/etc/apt/sources.list.d/debian.sources"), Path("/etc/apt/sources.list"))
SUITE = "bookworm"


def base_root():
    """The folder of the root; made now if there is none of this list of packages."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "patchwave"
    key = hashlib.sha256("\n".join([SUITE, *PACKAGES, *LEFT_OUT]).encode()).hexdigest()[:16]
    folder = cache / f"machine-base-{key}"
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "machine-base.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _make(folder)
    return folder


def _make(folder):
    # Made beside its place and renamed, so that an interrupted one never looks finished.
    partial = folder.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    source = next((str(path) for path in SOURCES if path.exists()), None)
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(PACKAGES)}",
         *(f"--dpkgopt=path-exclude={pattern}" for pattern in LEFT_OUT), SUITE, str(partial), *([source] if source else [])],
        check=True)
    # mmdebstrap leaves the root closed to all but root; what runs in a machine is not all root's.
    partial.chmod(0o755)
    partial.rename(folder)
