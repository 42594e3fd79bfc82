"""One world of real machines for the session, one operator, and a namespace of its own for each test."""

import itertools
import os
import signal
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))

from controlplane.operator_process import Operator, install_rights  # noqa: E402
from controlplane.world import REPOSITORY_ROOT  # noqa: E402
from in_cluster import InCluster  # noqa: E402
from machines.sysctls import Sysctls  # noqa: E402
from machines.world import RealWorld  # noqa: E402
from shopping_street import ShoppingStreet  # noqa: E402
from storefront.storefront import BAD, GOOD, OLD, push_versions  # noqa: E402

_serial = itertools.count(1)
# Which of several that run at once: each has a folder of its own.
WORLD = os.environ.get("PATCHWAVE_WORLD", "")
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
VERSIONS = {
    OLD: {}, GOOD: {}, BAD: {"STOREFRONT_ERROR_RATIO": "0.3"}, "1.4.7": {},
    "1.4.5-deaf": {"STOREFRONT_IGNORES_TERM": "yes"},
    # 64 MiB are allowed: killed about every six seconds.
    "1.4.6-leak": {"STOREFRONT_LEAK_MIB_PER_SECOND": "12"}}


def interrupt_once(*_):
    """Ctrl-C reaches this process from the terminal and again from ./dev: the second must not end the clearing up."""
    for number in ENDING_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def world():
    build = Path(os.environ.get("PATCHWAVE_BUILD", REPOSITORY_ROOT / "build"))
    the_world = RealWorld(build / f"end-to-end-real{WORLD}", outlive=False)
    # Machines die with this process; their bridge and their cgroups do not.
    for number in ENDING_SIGNALS:
        signal.signal(number, interrupt_once)
    settings = Sysctls().before()
    try:
        the_world.up(machines=3)
        the_world.install_kinds()
        yield the_world
    finally:
        the_world.down()
    assert Sysctls().before() == settings


@pytest.fixture(scope="session")
def digests(world):
    return push_versions(world, VERSIONS)


@pytest.fixture(scope="session")
def operator(world):
    operator = Operator(world, install_rights(world.cluster, "--set=nodeJobs.enabled=true")).start()
    yield operator
    operator.stop()


@pytest.fixture
def open_street(world, digests):
    """Opens a street: a namespace with one Deployment of the storefront, its visitors and a policy of one wave."""
    streets = []

    def opened(**settings):
        streets.append(ShoppingStreet(world, f"street-{next(_serial)}", digests, **settings))
        streets[-1].open()
        return streets[-1]

    yield opened
    for street in streets:
        street.close()


@pytest.fixture
def street(operator, open_street):
    return open_street()


@pytest.fixture
def replicas(world, operator):
    """Two replicas in the cluster, from the project's own image and by its chart, in place of the one beside it."""
    archive = os.environ.get("PATCHWAVE_IMAGE")
    if not archive:
        pytest.skip("PATCHWAVE_IMAGE names no archive of the image; `./dev image` makes it")
    operator.stop()
    in_cluster = InCluster(world, archive)
    try:
        yield in_cluster.install()
    finally:
        in_cluster.uninstall()
        operator.start()
