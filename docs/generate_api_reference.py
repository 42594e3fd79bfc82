#!/usr/bin/env python3
"""Writes docs/reference/api.md from crds/. With --check it only says whether the page is current."""

import pathlib
import sys

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "reference" / "api.md"
PLURALS = ["patchpolicies", "patches", "patchwaves", "patchapprovals", "noderecipes"]
HEAD = """\
# API: patchwave.dev/v1alpha1

<!-- Made by docs/generate_api_reference.py from crds/. -->

All kinds are namespaced. Every field is checked by the API server, by the bounds and rules below; `kubectl explain`
shows the same descriptions. **Bold** fields are required. `x[]` is a list of x, `x{}` a map with values of x.
"""


def definition(plural):
    return yaml.safe_load((ROOT / "crds" / f"patchwave.dev_{plural}.yaml").read_text())


def type_of(schema):
    if "x-kubernetes-int-or-string" in schema:
        return "integer or percentage"
    if schema.get("format") == "date-time":
        return "time"
    return {"array": "list", "object": "object"}.get(schema["type"], schema["type"])


def bounds(schema):
    """What the schema allows, in words."""
    words = []
    if "enum" in schema:
        words.append(" ".join(f"`{word}`" for word in schema["enum"]))
    if "minimum" in schema and "maximum" in schema:
        words.append(f"{schema['minimum']} to {schema['maximum']}")
    elif "minimum" in schema:
        words.append(f"at least {schema['minimum']}")
    for key, what in (("maxItems", "elements"), ("maxLength", "characters"), ("maxProperties", "entries")):
        if key in schema and "enum" not in schema and "pattern" not in schema:
            words.append(f"at most {schema[key]} {what}")
    words += [rule["message"] for rule in schema.get("x-kubernetes-validations", []) if "fieldPath" not in rule]
    return "; ".join(words)


def cell(text):
    return " ".join(str(text).split()).replace("|", "\\|")


def rows(schema, path=""):
    """One row a field, depth first."""
    for name, field in schema.get("properties", {}).items():
        shown = f"{path}{name}"
        label = f"**`{shown}`**" if name in schema.get("required", []) else f"`{shown}`"
        default = f"`{yaml.dump(field['default'], default_flow_style=True, width=1000).splitlines()[0]}`" \
            if "default" in field else ""
        yield (label, type_of(field), default, cell(bounds(field)), cell(field.get("description", "")))
        inner = field.get("items", {})
        yield from rows(field, shown + ".")
        yield from rows(inner, shown + "[].")


def section(plural):
    crd = definition(plural)
    names = crd["spec"]["names"]
    version = crd["spec"]["versions"][0]
    schema = version["schema"]["openAPIV3Schema"]
    columns = ", ".join(column["name"] for column in version["additionalPrinterColumns"] if "priority" not in column)
    selectors = ", ".join(f"`{field['jsonPath'].lstrip('.')}`" for field in version.get("selectableFields", []))
    lines = [f"## {names['kind']}", "", cell(schema["description"]), "",
             f"`kubectl get {names['plural']}` or `{', '.join(names['shortNames'])}`. Columns: {columns}."
             + (f" Field selectors: {selectors}." if selectors else ""), ""]
    for part in (part for part in ("spec", "status") if part in schema["properties"]):
        lines += [f"### {names['kind']} {part}", "", cell(schema["properties"][part]["description"]), "",
                  "| Field | Type | Default | Allowed | Meaning |", "|---|---|---|---|---|"]
        lines += [f"| {' | '.join(row)} |" for row in rows(schema["properties"][part])]
        lines.append("")
    fixed = [rule["fieldPath"].lstrip(".") for rule in
             schema["properties"]["spec"].get("x-kubernetes-validations", []) if "fieldPath" in rule]
    if fixed:
        lines += ["Once written these do not change: " + ", ".join(f"`{field}`" for field in fixed) + ".", ""]
    return "\n".join(lines)


def page():
    return HEAD + "\n" + "\n".join(section(plural) for plural in PLURALS)


def main():
    if "--check" not in sys.argv[1:]:
        PAGE.write_text(page())
        return 0
    if PAGE.exists() and PAGE.read_text() == page():
        return 0
    print("docs/reference/api.md is not what crds/ says; run docs/generate_api_reference.py", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
