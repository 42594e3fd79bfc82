"""One control plane for the whole session, one operator, and a namespace of its own for each test."""

import itertools
import os
import re
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
sys.path.insert(0, str(HERE))

from controlplane.operator_process import Operator, install_rights  # noqa: E402
from controlplane.world import REPOSITORY_ROOT, World  # noqa: E402
from recorded_prometheus import RecordedPrometheus  # noqa: E402
from shop import Shop  # noqa: E402
from writes import Writes  # noqa: E402

_serial = itertools.count(1)


@pytest.fixture(scope="session")
def writes():
    recorder = Writes()
    yield recorder
    recorder.close()


@pytest.fixture(scope="session")
def world(writes):
    """Each worker of pytest-xdist has a world of its own, so that one may break what it likes."""
    build = Path(os.environ.get("PATCHWAVE_BUILD", REPOSITORY_ROOT / "build"))
    the_world = World(build / "end-to-end" / os.environ.get("PYTEST_XDIST_WORKER", "alone"), outlive=False)
    the_world.up(nodes=4, audit_webhook=writes.url)
    the_world.install_kinds()
    yield the_world
    the_world.down()


@pytest.fixture(scope="session")
def account(world):
    return install_rights(world.cluster, "--set=nodeJobs.enabled=true")


@pytest.fixture(scope="session")
def session_operator(world, account):
    operator = Operator(world, account)
    yield operator
    operator.stop()


@pytest.fixture
def operator(session_operator, world):
    """The operator, running. A test may kill it; the next test finds it running again."""
    if not session_operator.running:
        session_operator.start()
    yield session_operator


@pytest.fixture
def shop(world, writes, request):
    """A namespace with the words to tell a story in. Removed afterwards, with what the test changed elsewhere."""
    words = re.sub(r"[^a-z0-9]+", "-", request.node.name.removeprefix("test_").lower())[:40].strip("-")
    the_shop = Shop(world, writes, f"{words}-{next(_serial)}")
    the_shop.open()
    yield the_shop
    writes.on_write(None)
    if world.processes.pid("prometheus") is None:
        world.telemetry.start_prometheus()
    world.telemetry.control(reset=True)
    the_shop.close()


@pytest.fixture(scope="session")
def recorded_prometheus(tmp_path_factory):
    """It needs no control plane."""
    prometheus = RecordedPrometheus(tmp_path_factory.mktemp("recorded-prometheus"))
    try:
        yield prometheus.up()
    finally:
        prometheus.down()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows how things stood, while they still do."""
    outcome = yield
    report = outcome.get_result()
    the_shop = item.funcargs.get("shop")
    if report.when == "call" and report.failed and the_shop is not None:
        report.sections.append(("how things stood", the_shop.describe()))
