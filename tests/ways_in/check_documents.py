"""Files that repeat one another say the same."""

import json
import re
import subprocess
import sys

import yaml

from rendering import CHART, ROOT

# Keys that a pod has no use for, or that the chart sets by itself.
NOT_IN_VALUES = {"kubeconfig", "context", "namespace", "metricsAddress", "healthAddress", "leaderElection.leaseName",
                 "nodeJobs.namespace", "nodeJobs.serviceAccount"}


def check_the_chart_has_the_crds_of_the_repository(_):
    originals = sorted((ROOT / "crds").glob("patchwave.dev_*.yaml"))
    copies = sorted((CHART / "files" / "crds").glob("*.yaml"))
    assert [path.name for path in originals] == [path.name for path in copies]
    for original, copy in zip(originals, copies):
        assert original.read_bytes() == copy.read_bytes(), f"{copy.name} differs; run charts/copy_crds.sh"


def check_the_api_reference_is_current(_):
    result = subprocess.run([sys.executable, str(ROOT / "docs" / "generate_api_reference.py"), "--check"],
                            text=True, capture_output=True, timeout=60, check=False)
    assert result.returncode == 0, result.stderr


def leaves(value, path=""):
    """Dotted paths of all that is not a map with keys of its own."""
    if not isinstance(value, dict) or not value:
        return {path}
    return set().union(*(leaves(each, f"{path}.{key}".lstrip(".")) for key, each in value.items()))


def declared(schema, path=""):
    inner = schema.get("properties", {})
    if not inner:
        return {path}
    return set().union(*(declared(each, f"{path}.{key}".lstrip(".")) for key, each in inner.items()))


def values():
    return yaml.safe_load((CHART / "values.yaml").read_text())


def schema():
    return json.loads((CHART / "values.schema.json").read_text())


def covered(path, by):
    return any(path == each or path.startswith(each + ".") or each.startswith(path + ".") for each in by)


def check_every_value_is_in_the_schema_and_the_other_way_round(_):
    there, allowed = leaves(values()), declared(schema())
    assert not [path for path in there if not covered(path, allowed)]
    assert not [path for path in allowed - {"global"} if not covered(path, there)]


def check_the_values_configure_every_documented_key_of_the_operator(_):
    page = (ROOT / "docs" / "reference" / "configuration.md").read_text()
    documented = set(re.findall(r"^\| `([\w.\[\]]+)` \|", page, re.MULTILINE)) - NOT_IN_VALUES
    configured = declared(schema()["properties"]["config"])
    lists = ("registries", "feeds")
    configured = {path for path in configured if path not in lists}
    for name in lists:
        keys = schema()["properties"]["config"]["properties"][name]["items"]["properties"]
        configured |= {f"{name}[].{key}" for key in keys}
    assert documented == configured, documented ^ configured


def check_the_api_reference_names_every_field(_):
    page = (ROOT / "docs" / "reference" / "api.md").read_text()
    for path in (ROOT / "crds").glob("patchwave.dev_*.yaml"):
        kind = yaml.safe_load(path.read_text())
        properties = kind["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]
        for part in {"spec", "status"} & properties.keys():
            for name in properties[part]["properties"]:
                assert f"`{name}`" in page, f"{path.name}: {part}.{name}"


def check_dev_has_every_command_that_documents_name(_):
    lines = subprocess.run([str(ROOT / "dev"), "help"], text=True, capture_output=True, timeout=60, check=True).stdout
    for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]:
        for command, option in re.findall(r"\./dev ([a-z]+)(?: (--[a-z]+))?", path.read_text()):
            assert command == "help" or re.search(rf"^  {command}\b", lines, re.MULTILINE), f"{path.name}: {command}"
            assert option in lines, f"{path.name}: {command} {option}"
