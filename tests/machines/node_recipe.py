"""How a machine is patched: commands for the steps of a NodeRecipe, and the image that they run from."""

import shutil
import subprocess
from pathlib import Path

PATH = "export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UPDATES = f"{PATH}; apt-get --quiet update && apt-get --quiet install --yes \"$PARAMETER_PACKAGE\""
# A container has a /proc of its own; the boot ID that counts is the one which the kubelet reads.
BOOT_ID = "$(/busybox nsenter -t 1 -m -- cat /proc/sys/kernel/random/boot_id)"
BOOTS = ["/busybox", "sh", "-c", f"[ \"{BOOT_ID}\" != \"$PATCHWAVE_BOOT_ID\" ] || /busybox reboot -f"]


def push_image(world):
    """Pushes one with a shell and nsenter; returns its reference, with the digest."""
    program = Path(shutil.which("busybox") or "/bin/busybox")
    if b"dynamically" in subprocess.run(["file", program], capture_output=True, check=True).stdout:
        raise RuntimeError("busybox is not static: the package busybox-static is needed")
    digest = world.images.push("tools/busybox", "1", program, user="0:0")
    return f"{world.registry.host}/tools/busybox@{digest}"


def on_the_machine(script):
    """The command that runs it outside of the container."""
    return ["/busybox", "nsenter", "-t", "1", "-m", "-u", "-i", "-n", "-p", "--", "/bin/sh", "-c", script]
