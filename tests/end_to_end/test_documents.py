"""The commands of the documents do what the documents say. `console` blocks start and stop a cluster; here it is there."""

import os
import re
import subprocess

import pytest

from controlplane.operator_process import program
from controlplane.world import REPOSITORY_ROOT

SECONDS = 120


def commands_of(page):
    text = (REPOSITORY_ROOT / page).read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


@pytest.fixture
def terminal(world):
    """What the `export` lines of `./dev cluster up` give."""
    binaries = world.cluster.described["binaries"]
    return {**os.environ, "KUBECONFIG": str(world.cluster.admin_kubeconfig), "REGISTRY": world.registry.host,
            "PATH": f"{program().parent}:{binaries}:{os.environ['PATH']}"}


@pytest.mark.usefixtures("operator")
def test_the_first_policy_can_be_followed_from_top_to_bottom(world, terminal):
    world.furnish()
    blocks = commands_of("docs/first-policy.md")
    assert len(blocks) > 4
    for block in blocks:
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], env=terminal, capture_output=True, text=True,
                              timeout=SECONDS, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
