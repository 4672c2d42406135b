#!/usr/bin/env python3
"""The packages, installed together in a booted root of Debian, from the first configuration to the purge. Wants root, systemd-nspawn and a root's archive.

rehearse_packages.py ARCHIVE PACKAGES NEWER    (folders with the packages of one version, and of a later one)

Services run under their own units: the authentication server makes an installation, the location server waits for it, enrols and gets ready, the data server serves a file
that is under way while its package is upgraded.
"""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time

from namespaces import enter, keep_in_memory, must, run

# Of `systemd-analyze security`.
MOST_EXPOSED = 1.5
SERVICES = {
    "auth-server": "kakehashi-auth",
    "location-server": "kakehashi-location",
    "provenance-server": "kakehashi-provenance",
    "provider-connector": "kakehashi-provider",
    "data-server": "kakehashi-data",
    "receiver-connector": "kakehashi-receiver",
}
# What an environment alone asks for, with programs of the distribution that are not what is rehearsed here.
NOT_INSTALLED = ["kakehashi-host", "kakehashi-tools"]

AUTH = """
[identity]
service_id = "auth.kakehashi.example"
[admin]
listen = "127.0.0.1:20002"
[peer]
listen = "127.0.0.1:20000"
external_url = "https://127.0.0.1:20000"
tls = "mutual"
[public]
listen = "127.0.0.1:20001"
external_url = "http://127.0.0.1:20001"
tls = "none"
[tls]
certificate = "/var/lib/kakehashi/auth-server/certificate.pem"
key = "/var/lib/kakehashi/auth-server/key.pem"
ca = "/var/lib/kakehashi/auth-server/ca.pem"
crl = "/var/lib/kakehashi/auth-server/crl.pem"
[database]
url = "sqlite:/var/lib/kakehashi/auth-server/auth.db"
[ca]
directory = "/var/lib/kakehashi/auth-server/ca"
loopback_names = true
[tokens]
key_directory = "/var/lib/kakehashi/auth-server/token-keys"
"""

LOCATION = """
[admin]
listen = "127.0.0.1:20012"
[peer]
listen = "127.0.0.1:20010"
external_url = "https://127.0.0.1:20010"
tls = "mutual"
[tls]
certificate = "/var/lib/kakehashi/location-server/certificate.pem"
key = "/var/lib/kakehashi/location-server/key.pem"
ca = "/etc/kakehashi/ca.pem"
crl = "/var/lib/kakehashi/location-server/crl.pem"
crl_url = ["http://127.0.0.1:20001/v1/crl.pem"]
[enrolment]
auth_public_url = "http://127.0.0.1:20001"
code_file = "/var/lib/kakehashi/location-server/enrolment-code"
[auth]
issuer = "http://127.0.0.1:20001"
peer_url = "https://127.0.0.1:20000"
[database]
url = "sqlite:/var/lib/kakehashi/location-server/location.db"
[records]
key_file = "/var/lib/kakehashi/location-server/record-key.pem"
"""

DATA = """
[admin]
listen = "127.0.0.1:20122"
[data]
listen = "127.0.0.1:20123"
external_url = "http://127.0.0.1:20123"
tls = "none"
[folders]
files = "/var/lib/kakehashi/data-server/files"
"""


def need(fact, text):
    if not fact:
        sys.exit(text)


def wait_for(fact, text, seconds=60):
    deadline = time.monotonic() + seconds
    while not fact():
        need(time.monotonic() < deadline, f"not within {seconds} s: {text}")
        time.sleep(0.1)


class Host:
    """A root that booted, with a loopback of its own and no other network."""

    def __init__(self, folder, archive):
        self.root = folder / "root"
        self.root.mkdir()
        must("tar", "-C", str(self.root), "-xf", str(archive))
        self.console = open(folder / "console", "w")
        command = ["systemd-nspawn", "--quiet", "--boot", "--register=no", "--keep-unit", "--private-network", "--console=pipe", f"--directory={self.root}"]
        self.nspawn = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT)
        wait_for(self.booted, "the root boots")

    def booted(self):
        need(self.nspawn.poll() is None, f"systemd-nspawn ended: {pathlib.Path(self.console.name).read_text()}")
        child = run("pgrep", "--parent", str(self.nspawn.pid)).stdout.split()
        if not child:
            return False
        self.init = child[0]
        return self.tried("systemctl", "is-system-running").stdout.strip() == "running"

    def tried(self, *command, **options):
        return run("nsenter", "--target", self.init, "--all", *command, **options)

    def do(self, *command, **options):
        done = self.tried(*command, **options)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
        return done.stdout

    def write(self, path, content, mode=0o644, owner="root"):
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
        place.chmod(mode)
        self.do("chown", f"{owner}:{owner}", path)

    def show(self, unit, name):
        return self.do("systemctl", "show", "--value", f"--property={name}", unit).strip()

    def asked(self, url, body=None, headers=()):
        """What `url` answers, as JSON."""
        command = ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "20", url]
        command += [part for header in headers for part in ("--header", header)]
        if body is not None:
            command += ["--json", json.dumps(body)]
        return json.loads(self.do(*command))

    def packages(self, folder):
        names = [path for path in sorted(folder.iterdir()) if path.name.split("_")[0] not in NOT_INSTALLED]
        (self.root / "debs").mkdir(exist_ok=True)
        for path in names:
            (self.root / "debs" / path.name).write_bytes(path.read_bytes())
        return [f"/debs/{path.name}" for path in names]

    def off(self):
        os.kill(int(self.init), signal.SIGRTMIN + 4)
        self.nspawn.wait(60)


def installed(host, files):
    """Users, folders and units are there, and nothing is started that has no configuration."""
    host.do("dpkg", "--install", *files)
    for program, user in SERVICES.items():
        owner = host.do("stat", "--format=%U:%G %a", f"/var/lib/kakehashi/{program}").strip()
        need(owner == f"{user}:{user} 700", f"/var/lib/kakehashi/{program} is {owner}")
        unit = f"{program}.service"
        need(host.show(unit, "ActiveState") == "inactive", f"{unit} runs without a configuration")
        need(host.do("systemctl", "is-enabled", unit).strip() == "enabled", f"{unit} is not enabled")
        said = host.tried("systemd-analyze", "verify", "--man=no", unit)
        need(not said.stderr, f"{unit}: {said.stderr}")
        exposed = float(re.search(r"exposure level for \S+: ([0-9.]+)", host.tried("systemd-analyze", "security", unit).stdout)[1])
        need(exposed <= MOST_EXPOSED, f"{unit} is exposed by {exposed}")
    need(not host.do("systemctl", "--failed", "--no-legend"), "units failed")


def first_server(host):
    """`init` prints no secret; the unit is active when the service is ready, and not before."""
    host.write("/etc/kakehashi/auth-server.toml", AUTH)
    said = host.do(*"runuser -u kakehashi-auth -- auth-server init -c /etc/kakehashi/auth-server.toml --secrets-file /var/lib/kakehashi/auth-server/operator.json".split())
    secrets = host.root / "var/lib/kakehashi/auth-server/operator.json"
    need(secrets.stat().st_mode & 0o777 == 0o600, "others may read the secrets")
    operator = json.loads(secrets.read_text())
    for name in ("operator_password", "operator_client_secret"):
        need(operator[name] and operator[name] not in said, f"{name} is printed")
    host.do("systemctl", "start", "auth-server")
    need(host.asked("http://127.0.0.1:20002/readyz")["status"] == "ready", "a unit that started is not ready")
    wait_for(lambda: host.show("auth-server", "StatusText") == "ready", "the manager is told")
    host.do("cp", "/var/lib/kakehashi/auth-server/ca.pem", "/etc/kakehashi/ca.pem")
    return operator


def second_server(host, operator):
    """Its first certificate is the first server's to give: it is tried until it is there, and nobody has to look after it."""
    client = f"{operator['operator_client_id']}:{operator['operator_client_secret']}"
    sign_in = ["curl", "--silent", "--fail-with-body", "--user", client, "--json", json.dumps({"user_id": operator["operator_user_id"], "password": operator["operator_password"]})]
    token = json.loads(host.do(*sign_in, "http://127.0.0.1:20001/cadde/api/v4/token"))["access_token"]
    body = {"service_id": "location.kakehashi.example", "kind": "server", "name": "Location server"}
    made = host.asked("http://127.0.0.1:20001/v1/services", body, [f"Authorization: Bearer {token}"])
    host.write("/var/lib/kakehashi/location-server/enrolment-code", made["enrolment"]["code"], 0o600, "kakehashi-location")
    host.write("/etc/kakehashi/location-server.toml", LOCATION)
    host.do("runuser", "-u", "kakehashi-location", "--", "location-server", "check-config", "-c", "/etc/kakehashi/location-server.toml")
    host.do("systemctl", "stop", "auth-server")
    host.do("systemctl", "start", "--no-block", "location-server")
    wait_for(lambda: int(host.show("location-server", "NRestarts")) > 1, "it is tried again")
    need(host.show("location-server", "StartLimitIntervalUSec") == "0", "the manager gives up some time")
    need(host.show("location-server", "ActiveState") == "activating", "a server is ready without a certificate")
    host.do("systemctl", "start", "auth-server")
    wait_for(lambda: host.show("location-server", "ActiveState") == "active", "the second server gets ready")
    need(host.asked("http://127.0.0.1:20012/readyz")["status"] == "ready", "a unit that started is not ready")


def upgraded(host, files):
    """A transfer that began before an upgrade ends, and what an operator wrote stays."""
    host.write("/etc/kakehashi/data-server.toml", DATA)
    host.do("install", "-d", "-o", "kakehashi-data", "/var/lib/kakehashi/data-server/files")
    host.do("sh", "-c", "head -c 24000000 /dev/urandom > /var/lib/kakehashi/data-server/files/large")
    host.do("systemctl", "start", "data-server")
    with open(host.root / "etc/default/auth-server", "a") as kept:
        kept.write("KAKEHASHI_TELEMETRY__LEVEL=debug\n")
    before = {unit: host.show(unit, "MainPID") for unit in ("auth-server", "location-server", "data-server")}
    slow = ["curl", "--silent", "--fail", "--limit-rate", "4M", "--output", "/tmp/got", "http://127.0.0.1:20123/files/large"]
    transfer = subprocess.Popen(["nsenter", "--target", host.init, "--all", *slow])
    wait_for(lambda: (host.root / "tmp/got").exists() or host.tried("test", "-s", "/tmp/got").returncode == 0, "the transfer begins")
    host.do("dpkg", "--install", *files)
    need(transfer.wait(60) == 0, "a transfer that had begun is lost in an upgrade")
    host.do("cmp", "/tmp/got", "/var/lib/kakehashi/data-server/files/large")
    for unit, process in before.items():
        wait_for(lambda: host.show(unit, "ActiveState") == "active", f"{unit} runs after the upgrade")
        need(host.show(unit, "MainPID") != process, f"{unit} is still the old one")
    need("LEVEL=debug" in host.do("cat", "/etc/default/auth-server"), "a setting is overwritten")
    need(host.do("cat", "/etc/kakehashi/auth-server.toml") == AUTH, "a configuration is overwritten")
    host.asked("http://127.0.0.1:20002/readyz")


def hung(host):
    """A process that hangs is started anew."""
    host.write("/etc/systemd/system/data-server.service.d/soon.conf", "[Service]\nWatchdogSec=2s\n")
    host.do("systemctl", "daemon-reload")
    host.do("systemctl", "restart", "data-server")
    process = host.show("data-server", "MainPID")
    # Longer than the watchdog's patience: one that lives is left alone.
    time.sleep(5)
    need(host.show("data-server", "MainPID") == process, "a process that lives is ended")
    host.do("kill", "-STOP", process)
    wait_for(lambda: host.show("data-server", "MainPID") not in (process, "0"), "a process that hangs is started anew", 120)


def removed(host, files):
    """A removal keeps all that is not the package's, so that another installation goes on; a purge keeps nothing."""
    host.do("dpkg", "--remove", "kakehashi-auth-server")
    need(host.tried("systemctl", "is-active", "auth-server").stdout.strip() != "active", "a removed service runs")
    for path in ("/var/lib/kakehashi/auth-server/auth.db", "/etc/kakehashi/auth-server.toml", "/etc/default/auth-server"):
        host.do("test", "-f", path)
    host.do("dpkg", "--install", *[name for name in files if "auth-server" in name])
    wait_for(lambda: host.show("auth-server", "ActiveState") == "active", "it goes on after it was removed")
    host.do("dpkg", "--purge", *[re.sub(r".*/([^_]+)_.*", r"\1", name) for name in files])
    left = host.tried("find", "/var/lib/kakehashi", "/etc/default", "/etc/systemd/system", "-name", "*server*", "-o", "-name", "*connector*", "-path", "*kakehashi*").stdout.split()
    # What somebody else put there is not the packages'.
    left = [path for path in left if ".service.d" not in path]
    need(not left, f"left after a purge: {left}")


def lived_through(host, packages, newer):
    """All of it, one after the other."""
    installed(host, host.packages(packages))
    operator = first_server(host)
    second_server(host, operator)
    files = host.packages(newer)
    upgraded(host, files)
    if os.environ.get("KAKEHASHI_INFRA") == "all":
        hung(host)
    removed(host, files)
    return files


def rehearse(folder, archive, packages, newer):
    host = Host(folder, archive)
    begun = time.monotonic()
    try:
        files = lived_through(host, packages, newer)
    except SystemExit:
        print(host.tried("journalctl", "--no-pager", "--lines=60").stdout)
        raise
    host.off()
    print(f"{len(files)} packages installed, configured, upgraded under load, removed and purged in {time.monotonic() - begun:.0f} s")


def main():
    if os.geteuid() != 0:
        sys.exit("the rehearsal of packages wants root, for a root of its own")
    stage = sys.argv[1:]
    if stage[0] != "inside":
        enter(__file__, *(str(pathlib.Path(path).resolve()) for path in stage))
    folder, archive, packages, newer = map(pathlib.Path, stage[1:])
    kept = {name: {path.name: path.read_bytes() for path in place.iterdir()} for name, place in (("old", packages), ("new", newer))}
    content = archive.read_bytes()
    keep_in_memory(folder)
    must("mount", "-t", "proc", "proc", "/proc")
    (folder / "root.tar").write_bytes(content)
    for name, files in kept.items():
        (folder / name).mkdir()
        for path, data in files.items():
            (folder / name / path).write_bytes(data)
    rehearse(folder, folder / "root.tar", folder / "old", folder / "new")


if __name__ == "__main__":
    main()
