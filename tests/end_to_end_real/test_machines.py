"""Waves over pods that really run, while machines, the registry and Prometheus do what they do in life."""

from storefront.storefront import BAD, GOOD, OLD

UNSEEN = "1.4.7"  # no machine has it yet


def test_a_version_that_fails_its_visitors_is_put_back_on_real_traffic(street):
    street.publish(BAD)
    street.ends_as("RolledBack")
    street.wait(lambda: street.all_run(OLD), f"{OLD} runs everywhere")


def test_a_power_cut_under_the_canary_does_not_make_a_good_patch_a_bad_one(street, world):
    street.publish(GOOD)
    canary = street.wait(street.canary, "a canary pod runs")
    world.machines.power_cut(canary["spec"]["nodeName"])
    street.ends_as("Succeeded")
    street.wait(lambda: street.all_run(GOOD), f"{GOOD} runs everywhere")


def test_a_machine_that_is_cut_off_and_boots_under_the_canary_does_not_make_a_good_patch_a_bad_one(street, world):
    street.publish(GOOD)
    canary = street.wait(street.canary, "a canary pod runs")
    name = canary["spec"]["nodeName"]
    world.machines.partition(name)
    try:
        street.wait(lambda: not world.node_is_ready(name), f"{name} is not ready any more")
        world.machines.power_cut(name)
        street.wait(lambda: world.machines.pid(name), f"{name} boots again")
        assert not world.node_is_ready(name), street.story()
    finally:
        world.machines.heal(name)
    street.ends_as("Succeeded")
    street.wait(lambda: street.all_run(GOOD), f"{GOOD} runs everywhere")


def test_a_canary_that_runs_out_of_memory_is_put_back(street):
    street.publish("1.4.6-leak")
    street.ends_as("RolledBack")
    street.wait(lambda: street.all_run(OLD), f"{OLD} runs everywhere")


def test_pods_that_ignore_sigterm_delay_the_next_patch_and_do_not_stop_it(street):
    street.publish("1.4.5-deaf")
    street.ends_as("Succeeded")
    street.wait(lambda: street.all_run("1.4.5-deaf"), "the deaf version runs everywhere")
    street.world.cluster.kubectl("-n", street.namespace, "rollout", "restart", "deployment/web")
    street.wait(lambda: street.all_run("1.4.5-deaf"), "deaf pods are replaced when their grace period is over")


def test_a_restart_of_prometheus_holds_a_wave_and_does_not_put_it_back(street, world):
    street.publish(GOOD)
    street.wait(street.canary, "a canary pod runs")
    world.telemetry.stop_prometheus()
    street.wait(lambda: street.hold() == "TelemetryUnavailable", "the wave holds")
    world.telemetry.start_prometheus()
    street.ends_as("Succeeded")


def test_a_kubelet_that_restarts_under_the_canary_changes_nothing(street, world):
    street.publish(GOOD)
    canary = street.wait(street.canary, "a canary pod runs")
    world.machines.run(canary["spec"]["nodeName"], "pkill", "-KILL", "-x", "kubelet", check=True)
    street.ends_as("Succeeded")
    street.wait(lambda: street.all_run(GOOD), f"{GOOD} runs everywhere")


def test_a_registry_that_is_away_while_the_canary_pulls_delays_the_wave_and_does_not_put_it_back(
        street, world, operator, digests):
    operator.stop()
    operator.start(podGate={"pullDeadline": "90s"})
    world.registry.down()
    try:
        street.publish(UNSEEN, digests[UNSEEN])
        street.wait(street.cannot_pull, "a pod can't pull its image")
    finally:
        world.registry.up()
    street.ends_as("Succeeded")
    street.wait(lambda: street.all_run(UNSEEN), f"{UNSEEN} runs everywhere")
    operator.stop()
    operator.start()


def test_a_partition_during_the_bake_does_not_make_a_good_patch_a_bad_one(operator, open_street, world):
    street = open_street(bake="45s")
    street.publish(GOOD)
    street.wait(lambda: street.phase() == "Baking", "the wave bakes")
    name = street.pods()[0]["spec"]["nodeName"]
    world.machines.partition(name)
    try:
        street.wait(lambda: not world.node_is_ready(name), f"{name} is not ready any more")
        assert street.phase() == "Baking", street.story()
    finally:
        world.machines.heal(name)
    street.ends_as("Succeeded")
    street.wait(lambda: street.all_run(GOOD), f"{GOOD} runs everywhere")


def test_when_the_leaders_machine_loses_power_the_other_replica_ends_the_wave(replicas, open_street, world, digests):
    street = open_street()
    street.publish(GOOD, digests[GOOD])
    street.wait(street.canary, "a canary pod runs")
    leader = replicas.leader()
    machine = leader["spec"]["nodeName"]
    world.machines.power_off(machine)
    try:
        replicas.another_leads_than(leader)
    finally:
        world.machines.power_on(machine)
    street.ends_as("Succeeded")
    street.wait(lambda: street.all_run(GOOD), f"{GOOD} runs everywhere")
