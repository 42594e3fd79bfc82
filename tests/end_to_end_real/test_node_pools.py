"""Machines get a Debian package that is really pending: drained, updated by a Job, booted anew, proven, given back."""

import pytest

from controlplane.operator_process import NAMESPACE, NODE_JOBS
from controlplane.processes import wait_until
from machines.packages import INSTALLED, UPDATE
from machines.node_recipe import push_image
from pool import MachinePool


@pytest.fixture(scope="session")
def recipe_image(world):
    return push_image(world)


@pytest.fixture
def pool(world, operator, recipe_image, request):
    operator.stop()
    operator.start(nodeJobs=NODE_JOBS)
    the_pool = MachinePool(world, recipe_image)
    yield the_pool
    the_pool.close()
    operator.stop()
    operator.start()


def test_every_machine_is_drained_updated_booted_anew_and_given_back_one_after_the_other(pool, world):
    boots = {machine: pool.boot(machine) for machine in world.machines.names}
    pool.open("good")
    pool.publish()
    pool.ends_as("Succeeded")
    canary = pool.status()["targets"][0]["name"]
    assert [pool.version_on(machine) for machine in world.machines.names].count(UPDATE) >= 1
    assert pool.version_on(canary) == UPDATE
    pool.ends_as("Succeeded", order=2)
    for machine in world.machines.names:
        assert pool.version_on(machine) == UPDATE
        assert pool.boot(machine) != boots[machine]
        assert pool.schedulable(machine)
    patch = world.api.get("Patch", "good", NAMESPACE)
    assert patch["status"]["phase"] == "Succeeded"


def test_a_patch_that_is_not_what_was_wanted_stops_at_the_canary_and_is_taken_back(pool, world):
    pool.open("bad")
    pool.publish(version="9.9.9")
    pool.ends_as("RolledBack")
    assert "the Verify step failed" in pool.status()["harm"]["message"]
    for machine in world.machines.names:
        assert pool.version_on(machine) == INSTALLED
        assert pool.schedulable(machine)
    wait_until(lambda: world.api.get("Patch", "bad", NAMESPACE)["status"].get("phase") == "Quarantined", 30,
               "the patch is in quarantine")


def test_a_power_cut_in_the_middle_of_the_job_is_no_harm_and_the_step_is_run_again(pool, world):
    pool.open("cut", delay=10)
    pool.publish()
    machine = pool.wait(lambda: pool.target("Patching", "Patch"), "the patch step is due")
    pool.wait(lambda: any(job.get("status", {}).get("active") for job in world.api.list("Job", NODE_JOBS["namespace"])), "a Job runs")
    world.machines.power_cut(machine)
    pool.ends_as("Succeeded")
    assert pool.version_on(machine) == UPDATE
    assert pool.schedulable(machine)


def test_a_machine_that_is_cut_off_while_it_is_drained_is_finished_once_it_is_back(pool, world):
    pool.open("drain")
    pool.publish()
    machine = pool.wait(lambda: pool.target("Patching", "Drain"), "a machine is drained")
    world.machines.partition(machine)
    try:
        pool.wait(lambda: not world.node_is_ready(machine), f"{machine} is not ready any more")
    finally:
        world.machines.heal(machine)
    pool.ends_as("Succeeded")
    assert pool.schedulable(machine)
