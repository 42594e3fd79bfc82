"""The commands of the documents do what the documents say. `console` blocks start and stop a cluster; here it is there."""

import json
import os
import re
import subprocess

import pytest

from controlplane.operator_process import program
from controlplane.world import REPOSITORY_ROOT
from feed_server import FeedServer, epss, kev

SECONDS = 120


def commands_of(page):
    text = (REPOSITORY_ROOT / page).read_text()
    return re.findall(r"^```sh\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def answers_of(page, environment, folder=None):
    """What each block of the page prints; every one ends well."""
    answers = []
    for block in commands_of(page):
        done = subprocess.run(["bash", "-euo", "pipefail", "-c", block], env=environment, cwd=folder, capture_output=True,
                              text=True, timeout=SECONDS, check=False)
        assert done.returncode == 0, f"{block}\n{done.stdout}{done.stderr}"
        answers.append(done)
    return answers


def offline(**more):
    """Where the plugin is at hand, and no cluster is."""
    return {**os.environ, **more, "PATH": f"{program('kubectl-patchwave').parent}:{os.environ['PATH']}"}


@pytest.fixture
def terminal(world):
    """What the `export` lines of `./dev cluster up` give."""
    binaries = world.cluster.described["binaries"]
    return {**os.environ, "KUBECONFIG": str(world.cluster.admin_kubeconfig), "REGISTRY": world.registry.host,
            "PATH": f"{program().parent}:{binaries}:{os.environ['PATH']}"}


@pytest.mark.usefixtures("operator")
def test_the_first_policy_can_be_followed_from_top_to_bottom(world, terminal):
    world.furnish()
    assert len(answers_of("docs/first-policy.md", terminal)) > 4


def test_patches_can_be_ranked_as_the_page_says(operator, terminal):
    feeds = FeedServer()
    feeds.files = {"/epss.csv.gz": epss({"CVE-2021-44228": (0.944, 0.9996)}), "/kev.json": kev("CVE-2021-44228")}
    operator.stop()
    operator.start(feeds=[{"kind": "epss", "url": feeds.url + "/epss.csv.gz"},
                          {"kind": "kev", "url": feeds.url + "/kev.json"}])
    try:
        answers = [answer.stdout for answer in answers_of("docs/risk.md", terminal)]
    finally:
        operator.stop()
        feeds.close()
    assert len(answers) == 3
    assert "14 days" in answers[1] and "knownExploited" in answers[1]
    assert "DeadlineChanged" in answers[2]


@pytest.mark.usefixtures("operator")
def test_new_versions_are_found_as_the_page_says(world, terminal):
    world.furnish()
    answers = answers_of("docs/discovery.md", terminal)
    assert len(answers) == 2
    assert "1.4.3 is the latest version that counts for 1.4.2" in answers[0].stdout


def test_findings_can_be_ranked_as_the_page_says(tmp_path):
    answers = answers_of("docs/ranking.md", offline(), tmp_path)
    assert len(answers) == 4
    assert not any("warning" in answer.stderr for answer in answers)
    rows = answers[-1].stdout.splitlines()
    assert rows[0] == "rank,cve,probability,deadline_class,score,reason"
    assert [row.split(",")[1] for row in rows[1:3]] == ["CVE-2021-44228", "CVE-2024-3094"]


def test_a_month_can_be_planned_as_the_page_says(tmp_path):
    answers = answers_of("docs/planning.md", offline(), tmp_path)
    assert len(answers) == 5
    assert not any("warning" in answer.stderr for answer in answers)
    assert "Sat 2024-08-03 02:00" in answers[2].stdout
    assert "Sat 2024-08-10 02:00" in answers[3].stdout and "Sat 2024-08-03 02:00" not in answers[3].stdout
    plan = json.loads((tmp_path / "plan.json").read_text())
    assert [item["patch"] for item in plan["top"]] == ["P1", "P2"]
    assert [item["patch"] for item in plan["emergencies"]] == ["P1", "P2"]
    assert sorted(item["patch"] for item in plan["calendar"]) == ["P1", "P2", "P3", "P4"]
    assert (tmp_path / "plan.html").read_text().startswith("<!DOCTYPE html>")


def test_a_change_can_be_judged_as_the_page_says(tmp_path, recorded_prometheus):
    answers = answers_of("docs/judging.md", offline(PROMETHEUS=recorded_prometheus.url), tmp_path)
    assert len(answers) == 4
    assert not any("warning" in answer.stderr for answer in answers)
    assert "Gate errors: Harm" in answers[1].stdout
    assert "Gate errors: Harm" in answers[2].stdout
    assert json.loads(answers[3].stdout)["verdict"] == "Harm"


def test_every_command_of_the_plugin_that_a_page_names_is_one():
    help_text = subprocess.run([program("kubectl-patchwave"), "--help"], capture_output=True, text=True, timeout=30, check=True).stdout
    commands = set(re.findall(r"^  ([a-z]+) ", help_text.partition("Subcommands:")[2], re.MULTILINE))
    pages = [REPOSITORY_ROOT / "README.md", *(REPOSITORY_ROOT / "docs").rglob("*.md")]
    named = {(page.name, word) for page in pages for word in re.findall(r"kubectl patchwave ([a-z]+)", page.read_text())}
    assert len(named) > 10
    assert not [each for each in named if each[1] not in commands]


def test_the_reference_has_the_flags_of_judge_and_no_others():
    page = (REPOSITORY_ROOT / "docs/reference/command-line.md").read_text()
    section = re.search(r"^## Judging what was recorded\n(.*?)^## ", page, re.DOTALL | re.MULTILINE).group(1)
    help_text = subprocess.run([program("kubectl-patchwave"), "judge", "--help"], capture_output=True, text=True, timeout=30,
                               check=True).stdout.partition("Examples:")[0]
    of_every_command = {"--namespace", "--request-timeout"}
    documented = set(re.findall(r"--[a-z][a-z-]+", section)) | {"--help", "--gate"}
    assert documented - of_every_command == set(re.findall(r"--[a-z][a-z-]+", help_text))
