"""Puts faults in, one at a time, and sees whether the checks find them: a check that finds nothing wrong is worth as much as what it would find."""

import copy
import pathlib
import tomllib

import tables
import workspace

FAULTS = pathlib.Path(__file__).resolve().parent / "faults"


def load():
    return [fault for path in sorted(FAULTS.glob("*.toml")) for fault in tomllib.loads(path.read_text())["fault"]]


def get(values, path):
    """What lies at a path: names, places in lists, and `name=X` for the entry of a list that has this name."""
    for step in path.split(".") if path else ():
        if step.startswith("name="):
            values = next(entry for entry in values if entry["name"] == step.removeprefix("name="))
        else:
            values = values[int(step) if step.isdigit() else step]
    return values


def put(values, path, value):
    outer, _, last = path.rpartition(".")
    get(values, outer)[last] = value


def spoil(resources, fault):
    """The plan's resources with the fault in."""
    place = next((number for number, (address, _, _) in enumerate(resources) if address.startswith(fault["resource"])), None)
    if place is None:
        raise workspace.Failed(f"{fault['name']}: nothing in the plan is called {fault['resource']}")
    if fault.get("drop"):
        return resources[:place] + resources[place + 1 :]
    address, kind, values = resources[place]
    values = copy.deepcopy(values)
    if "like" in fault:
        other = next(found for at, _, found in resources if at == fault["like"])
        values = {**copy.deepcopy(other), **{key: values[key] for key in fault.get("keep", [])}}
    for path, value in fault.get("set", {}).items():
        if value == ["first of subnets"]:
            value = values["subnets"][:1]
        if value == "that of private-3":
            value = next(found["id"] for at, _, found in resources if at == 'module.network.aws_subnet.this["private-3"]')
        if value == ["that of auth"]:
            value = [next(found["id"] for at, _, found in resources if at == 'module.host["auth"].aws_instance.this')]
        put(values, path, value)
    for path, (old, new) in fault.get("replace", {}).items():
        text = get(values, path)
        if old not in text:
            raise workspace.Failed(f"{fault['name']}: {path} has no {old}")
        put(values, path, text.replace(old, new))
    return [*resources[:place], (address, kind, values), *resources[place + 1 :]]


def judge(fault, said):
    if not any(fault["found"] in line for line in said):
        raise workspace.Failed(f"not found: {fault['name']} (has to be found as {fault['found']!r}); found was {said[:5]}")


def in_the_plan(resources, terraform):
    faults = [fault for fault in load() if "resource" in fault]
    for fault in faults:
        judge(fault, tables.trial(spoil(resources, fault), terraform).wrong)
    return len(faults)


def in_the_code(resources, space):
    faults = [fault for fault in load() if "file" in fault]
    for fault in faults:
        path = space.terraform_root / fault["file"]
        sound = path.read_text()
        if sound.count(fault["old"]) != 1:
            raise workspace.Failed(f"{fault['name']}: {fault['file']} does not have {fault['old']!r} once")
        path.write_text(sound.replace(fault["old"], fault["new"]))
        try:
            space.validate("trial")
            said = tables.trial(resources, space.terraform_root).wrong
        except workspace.Failed as failed:
            # Terraform breaks its lines where it likes.
            said = [" ".join(str(failed).split())]
        path.write_text(sound)
        judge(fault, said)
    return len(faults)
