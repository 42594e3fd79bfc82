"""The cgroups of machines: one folder of the same name in every hierarchy."""

import os
from pathlib import Path

ROOT = Path("/sys/fs/cgroup")


def hierarchies():
    """Version 1's, and version 2's beside them: runc makes folders there too."""
    return sorted(path for path in ROOT.iterdir() if not path.is_symlink() and (path / "cgroup.procs").exists())


def make(name):
    for hierarchy in hierarchies():
        folder = hierarchy
        for part in Path(name).parts:
            folder = folder / part
            folder.mkdir(exist_ok=True)
            # A new cpuset is empty, and nothing can be put into it.
            for file in ("cpuset.cpus", "cpuset.mems"):
                if (folder / file).exists() and not (folder / file).read_text().strip():
                    (folder / file).write_text((folder.parent / file).read_text())


def remove(name):
    """Whether they are gone: a cgroup goes only when the last of its processes has."""
    for hierarchy in hierarchies():
        for folder, _, _ in os.walk(hierarchy / name, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                pass
    return not any((hierarchy / name).exists() for hierarchy in hierarchies())
