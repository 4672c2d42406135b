"""What a program is built from, as CycloneDX: the crates that Cargo resolves for it on Linux, those of tests and of building aside."""

import json


def normal(dependency):
    """Whether a dependency is part of the program; a procedural macro and what a build script uses are not told apart from it by name alone."""
    return any(kind["kind"] is None for kind in dependency["dep_kinds"])


def reached(metadata, crates):
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    packages = {package["id"]: package for package in metadata["packages"]}
    open_ids = [package["id"] for package in metadata["packages"] if package["source"] is None and package["name"] in crates]
    found = {}
    while open_ids:
        one = open_ids.pop()
        if one not in found:
            found[one] = sorted(dependency["pkg"] for dependency in nodes[one]["deps"] if normal(dependency))
            open_ids += found[one]
    return packages, found


def reference(package):
    return f"pkg:cargo/{package['name']}@{package['version']}"


def component(package):
    entry = {"type": "library", "bom-ref": reference(package), "name": package["name"], "version": package["version"]}
    if package["source"] is not None:
        entry["purl"] = reference(package)
    if package["license"]:
        # Before Cargo knew expressions a slash stood for "or".
        entry["licenses"] = [{"expression": package["license"].replace("/", " OR ")}]
    return entry


def document(metadata, name, version, crates):
    """The document of package `name`, whose programs are those of `crates`."""
    packages, found = reached(metadata, crates)
    own = [one for one in found if packages[one]["source"] is None and packages[one]["name"] in crates]
    ref = f"pkg:deb/{name}@{version}"
    return json.dumps(
        {
            "bomFormat": "CycloneDX",
            "specVersion": "1.5",
            "version": 1,
            "metadata": {"component": {"type": "application", "bom-ref": ref, "name": name, "version": version}},
            "components": sorted((component(packages[one]) for one in found), key=lambda entry: entry["bom-ref"]),
            "dependencies": [
                {"ref": ref, "dependsOn": sorted(reference(packages[one]) for one in own)},
                *sorted(({"ref": reference(packages[one]), "dependsOn": sorted({reference(packages[to]) for to in used})} for one, used in found.items()), key=lambda entry: entry["ref"]),
            ],
        },
        indent=1,
    )
