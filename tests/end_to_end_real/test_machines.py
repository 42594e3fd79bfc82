"""Waves over pods that really run, while machines, the registry and Prometheus do what they do in life."""

from storefront.storefront import BAD, GOOD, OLD


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
