"""Where machines that really run pods can't be had, it is said why, and nothing is begun."""

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

from rendering import ROOT

sys.path.insert(0, str(ROOT / "tests"))

from machines.requirements import CGROUPS, CONTROLLERS, KERNEL, Host  # noqa: E402

RELEASE = "6.1.0"


@contextmanager
def host(modules=KERNEL, controllers=CONTROLLERS, **settings):
    """One of those kernel modules and cgroup controllers, of root, with all programs, where no link can be made to try."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        index = root / "lib/modules" / RELEASE / "modules.builtin"
        index.parent.mkdir(parents=True)
        index.write_text("".join(f"kernel/net/{module}.ko\n" for module in modules))
        for controller in controllers:
            (root / CGROUPS / controller).mkdir(parents=True)
            (root / CGROUPS / controller / "cgroup.procs").touch()
        yield Host(**{"root": root, "user": 0, "release": RELEASE, "has_program": lambda _: True,
                      "can_make": lambda _: False, **settings})


def check_nothing_lacks_where_all_is_there(_):
    with host() as complete:
        assert complete.lacking() == []


def check_whoever_is_not_root_is_told_so(_):
    with host(user=1000) as of_a_user:
        assert of_a_user.lacking() == ["root is needed, and this is another user"]


def check_each_feature_that_the_kernel_lacks_is_named(_):
    with host(modules=("bridge", "veth")) as without_overlay:
        assert without_overlay.lacking() == ["the kernel has no overlay filesystems (overlay)",
                                             "the kernel has no connection tracking (nf_conntrack)"]


def check_a_kernel_without_modules_is_asked_by_making_a_link(_):
    with host(modules=("overlay", "nf_conntrack"), can_make=lambda kind: kind == "veth") as built_in:
        assert built_in.lacking() == ["the kernel has no bridges (bridge)"]


def check_nothing_is_said_of_a_kernel_that_a_user_cannot_try(_):
    with host(modules=("overlay", "nf_conntrack"), user=1000) as of_a_user:
        assert of_a_user.lacking() == ["root is needed, and this is another user"]


def check_missing_cgroup_controllers_are_named_in_one_sentence(_):
    with host(controllers=("cpu", "cpuset", "memory", "pids", "devices")) as half:
        assert half.lacking() == [
            "cgroup v1 controllers are needed in /sys/fs/cgroup and are not there: freezer, blkio"]


def check_a_program_that_can_be_installed_is_no_reason_to_refuse_before_it_is(_):
    with host(has_program=lambda name: name != "socat") as without_socat:
        assert without_socat.lacking() == ["the program socat is needed and is not there"]
        assert without_socat.lacking_beyond_programs() == []


def dev_as_another_user(build, *words, path=None):
    """`./dev` of somebody who is not root."""
    become = ["unshare", "--user"] if os.geteuid() == 0 else []
    return subprocess.run(
        [*become, ROOT / "dev", *words], text=True, capture_output=True, timeout=120, check=False,
        env={**os.environ, "PATCHWAVE_BUILD": str(build), "PATH": f"{path or ''}:{os.environ['PATH']}"})


def check_dev_refuses_machines_to_a_user_who_is_not_root_and_builds_nothing(_):
    for command in (("demo", "--real"), ("demo", "--compare"), ("cluster", "up", "--real"), ("test", "--real")):
        with tempfile.TemporaryDirectory() as build:
            refused = dev_as_another_user(build, *command)
            assert refused.returncode == 1, refused
            assert "root is needed, and this is another user" in refused.stderr, refused
            assert sorted(os.listdir(build)) == [".lock", "logs"], os.listdir(build)


def check_the_demo_of_a_user_who_is_not_root_is_on_simulated_nodes_and_says_why(_):
    with tempfile.TemporaryDirectory() as build:
        # It need not go further than its first step.
        cmake = Path(build) / "cmake"
        cmake.write_text("#!/bin/sh\nexit 1\n")
        cmake.chmod(0o755)
        demo = dev_as_another_user(build, "demo", path=build)
        assert "==> on simulated nodes: root is needed, and this is another user\n" in demo.stderr, demo
        assert "==> configuring: FAILED" in demo.stderr, demo
