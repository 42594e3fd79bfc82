"""The pure parts of the tools: what the load simulator counts and what the demo draws."""

import pytest

from demo.scene import Pod, Snapshot, cut, happenings, lines_of
from load_simulator.load_simulator import PodTraffic, Pods, behaviour_for, tag_of
from shop import wanted_pods

STEADY = {"tag": "*", "requestsPerSecond": 10, "errorRatio": 0.5, "latencySeconds": 0.1}


@pytest.mark.parametrize("image, tag", [
    ("127.0.0.1:5000/shop/web:1.4.2", "1.4.2"),
    ("127.0.0.1:5000/shop/web:1.4.2@sha256:0a", "1.4.2"),
    ("127.0.0.1:5000/shop/web@sha256:0a", ""),
    ("web", ""),
])
def test_the_tag_is_told_from_port_and_digest(image, tag):
    assert tag_of(image) == tag


def test_the_first_behaviour_that_fits_the_tag_holds():
    behaviours = [{"tag": "*-errors", "errorRatio": 1}, {"tag": "*", "errorRatio": 0}]
    assert behaviour_for(behaviours, "1.4.4-errors")["errorRatio"] == 1
    assert behaviour_for(behaviours, "1.4.4")["errorRatio"] == 0


def test_counters_grow_with_the_time_that_a_pod_is_ready_and_only_then():
    traffic = PodTraffic()
    traffic.advance(STEADY, 100, ready=True)
    assert traffic.good == 0, "there is no time before the first look"
    traffic.advance(STEADY, 110, ready=True)
    assert (traffic.good, traffic.bad) == (50, 50)
    traffic.advance(STEADY, 120, ready=False)
    assert (traffic.good, traffic.bad) == (50, 50)


def test_a_controlled_behaviour_goes_before_those_of_the_file_until_a_reset():
    pods = Pods([STEADY])
    pods.control({"behaviours": [{"tag": "1.4.4", "errorRatio": 0.3}]})
    assert behaviour_for(pods.control({})["behaviours"], "1.4.4")["errorRatio"] == 0.3
    assert behaviour_for(pods.control({"reset": True})["behaviours"], "1.4.4") is STEADY


def snapshot(**fields):
    return Snapshot(**{"title": "story", "elapsed": 65, "bad_version": "1.4.4", "new_version": "1.4.3", **fields})


def wave(phase, **fields):
    return {"name": "canary", "phase": phase, "progress": "", "hold": None, "harm": None, "gates": [],
            "targets": [{"kind": "Deployment", "name": "web", "state": "Canary"}], **fields}


def test_each_pod_is_a_mark_and_canary_copies_stand_apart():
    pods = [Pod("Deployment web", "1.4.2", True, False), Pod("Deployment web", "1.4.3", False, False),
            Pod("Deployment web", "1.4.4", True, True)]
    drawn = "\n".join(lines_of(snapshot(waves=[wave("Running")], pods=pods)))
    assert "o. | x canary" in drawn
    assert "1:05" in drawn


def test_a_wait_is_drawn_with_its_reason():
    drawn = "\n".join(lines_of(snapshot(waves=[wave("Waiting", hold={"reason": "WindowClosed", "message": "until 2"})])))
    assert "waits: WindowClosed: until 2" in drawn


def test_without_a_terminal_only_what_changed_is_told():
    before = snapshot(waves=[wave("Running")])
    assert happenings(before, before) == []
    assert happenings(before, snapshot(waves=[wave("Baking")])) == ["wave canary: Baking"]


def test_no_line_is_wider_than_the_terminal():
    assert len(cut("word " * 100, 80)) <= 80


def test_how_many_pods_a_daemonset_wants_is_unknown_until_its_controller_has_counted():
    new = {"kind": "DaemonSet", "metadata": {"generation": 1}, "status": {"desiredNumberScheduled": 0}}
    counted = {**new, "status": {"desiredNumberScheduled": 4, "observedGeneration": 1}}
    assert wanted_pods(new) is None
    assert wanted_pods(counted) == 4
