"""One world of real machines for the session, one operator, and a namespace of its own for each test."""

import itertools
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))

from controlplane.operator_process import Operator, install_rights  # noqa: E402
from controlplane.world import REPOSITORY_ROOT  # noqa: E402
from machines.world import RealWorld  # noqa: E402
from shopping_street import ShoppingStreet  # noqa: E402
from storefront.storefront import BAD, GOOD, OLD, push_versions  # noqa: E402

_serial = itertools.count(1)
VERSIONS = {
    OLD: {}, GOOD: {}, BAD: {"STOREFRONT_ERROR_RATIO": "0.3"},
    "1.4.5-deaf": {"STOREFRONT_IGNORES_TERM": "yes"},
    # 64 MiB are allowed: killed about every six seconds.
    "1.4.6-leak": {"STOREFRONT_LEAK_MIB_PER_SECOND": "12"}}


@pytest.fixture(scope="session")
def world():
    build = Path(os.environ.get("PATCHWAVE_BUILD", REPOSITORY_ROOT / "build"))
    the_world = RealWorld(build / "end-to-end-real", outlive=False)
    try:
        the_world.up(machines=3)
        the_world.install_kinds()
        yield the_world
    finally:
        the_world.down()


@pytest.fixture(scope="session")
def digests(world):
    return push_versions(world, VERSIONS)


@pytest.fixture(scope="session")
def operator(world):
    operator = Operator(world, install_rights(world.cluster)).start()
    yield operator
    operator.stop()


@pytest.fixture
def street(world, operator, digests):
    """A namespace with one Deployment of the storefront, its visitors and a policy of one wave."""
    the_street = ShoppingStreet(world, f"street-{next(_serial)}", digests)
    the_street.open()
    yield the_street
    the_street.close()
