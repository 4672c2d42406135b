#!/usr/bin/env python3
"""The settings of hosts, read by the programs that they are for: cloud-init, logrotate, rsyslog, cron's checks, in an overlay of this machine's files.

rehearse_hosts.py FOLDER    (with one file of user data for each kind of host)
"""

import json
import os
import pathlib
import re
import sys

from namespaces import CHROOT, enter, inside, keep_in_memory, run, with_packages

PACKAGES = ["cloud-init", "logrotate", "rsyslog", "python3-yaml"]

# As listed in the trial's basic design: file → (how often, how many, compressed).
ROTATION = {
    "/var/log/syslog": ("weekly", 4, True),
    "/var/log/auth.log": ("weekly", 4, True),
    "/var/log/kern.log": ("weekly", 4, True),
    "/var/log/dmesg": ("weekly", 4, True),
    "/var/log/btmp": ("monthly", 1, False),
    "/var/log/boot.log": ("daily", 7, False),
}


class Wrong(Exception):
    pass


def need(fact, text):
    if not fact:
        raise Wrong(text)


def known_keys(root):
    """The keys of cloud-init's own schema: it lets unknown ones pass."""
    found = set()
    for path in (root / "usr/lib/python3/dist-packages/cloudinit/config").rglob("*schema-cloud-config*.json"):
        schema = json.loads(path.read_text())
        found |= set(schema.get("properties", {}))
        for definition in schema.get("$defs", {}).values():
            found |= set(definition.get("properties", {}))
    need(found, "cloud-init's schema is not where it was")
    return found


def rotation(root, path):
    """What logrotate makes of a file: log → (how often, how many)."""
    said = run(CHROOT, str(root), "logrotate", "-d", path)
    text = said.stdout + said.stderr
    # Its status is 0 whatever it finds.
    need("error:" not in text, f"logrotate: {text}")
    often = {"after 1 days": "daily"}
    found = {}
    for names, how, count in re.findall(r"rotating pattern: ((?:/\S+\s+)+)(after 1 days|weekly|monthly) \((\d+) rotations\)", text):
        found.update({name: (often.get(how, how), int(count)) for name in names.split()})
    return found


def compressed(content, name):
    block = next(body for names, body in re.findall(r"((?:/\S+\n)+)\{(.*?)\}", content, re.S) if name in names.split())
    return bool(re.search(r"^\s+compress$", block, re.M))


def check(root, kind, text):
    (root / "tmp/user-data").write_text(text)
    said = run(CHROOT, str(root), "cloud-init", "schema", "--config-file", "/tmp/user-data")
    need(said.returncode == 0, f"cloud-init: {said.stdout}{said.stderr}")
    settings = json.loads(inside(root, "python3", "-c", "import json, yaml; print(json.dumps(yaml.safe_load(open('/tmp/user-data'))))"))
    unknown = set(settings) - known_keys(root)
    need(not unknown, f"cloud-init does not know {sorted(unknown)}")
    files = {entry["path"]: entry for entry in settings["write_files"]}
    for path, entry in files.items():
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(entry["content"])
        place.chmod(int(entry["permissions"], 8))
    own = "/etc/logrotate.d/kakehashi-system"
    found = rotation(root, own)
    for name, (how, count, packed) in ROTATION.items():
        need(found.get(name) == (how, count), f"{name} is rotated {found.get(name)}, has to be {(how, count)}")
        need(compressed(files[own]["content"], name) == packed, f"{name} is {'not ' if packed else ''}compressed")
    # With the distribution's own files gone, as the first start removes them, nothing is rotated twice.
    for command in settings["runcmd"]:
        if command[:2] == ["rm", "-f"]:
            inside(root, *command)
    rotation(root, "/etc/logrotate.conf")
    said = run(CHROOT, str(root), "rsyslogd", "-N1")
    need(said.returncode == 0 and "error" not in (said.stdout + said.stderr).lower(), f"rsyslog: {said.stdout}{said.stderr}")
    for path, entry in files.items():
        if path.startswith("/etc/cron.d/"):
            need(re.fullmatch(r"[a-zA-Z0-9_-]+", path.rsplit("/", 1)[1]), f"cron does not read a file of this name: {path}")
            for line in entry["content"].splitlines():
                need(line.startswith("#") or re.fullmatch(r"(\S+ ){5}root \S.*", line), f"cron does not read {line!r}")
    return len(files)


def rehearse(folder, data):
    root = with_packages(folder / "hosts", PACKAGES)
    # Whose rsyslog runs as this user: Ubuntu's does.
    inside(root, "useradd", "--system", "syslog")
    count, wrong = 0, []
    for path in sorted(data.iterdir()):
        try:
            count += check(root, path.name, path.read_text())
        except Wrong as found:
            wrong.append(f"{path.name}: {found}")
    if wrong:
        sys.exit("\n".join(wrong))
    print(f"{count} files on {len(list(data.iterdir()))} kinds of hosts, read by their own programs")


def main():
    if os.geteuid() != 0:
        sys.exit("the rehearsal of host files wants root, for namespaces of its own")
    stage = sys.argv[1:]
    if stage[0] != "inside":
        enter(__file__, stage[0])
    folder = pathlib.Path(stage[1])
    # Read before anything is mounted over it.
    data = {path.name: path.read_text() for path in pathlib.Path(stage[2]).iterdir()}
    keep_in_memory(folder)
    kept = folder / "data"
    kept.mkdir()
    for name, text in data.items():
        (kept / name).write_text(text)
    rehearse(folder, kept)


if __name__ == "__main__":
    main()
