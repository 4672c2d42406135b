#!/usr/bin/env python3
"""The bastion and the servers of one domain, rehearsed on this machine: what accounts.py makes, run by real programs, and a user who tries to get further.

Runs as root, in namespaces of its own: an overlay of this machine's files in which openssh-server, sudo and the second factor's module are installed, and a network with
nothing but loopback, on which the addresses of the trial lie. This machine stays as it is. What security groups and ACLs forbid is not rehearsed here; nothing but SSH
itself stands between the user and the addresses.
"""

import base64
import contextlib
import hashlib
import hmac
import json
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time

from namespaces import CHROOT, enter, inside, keep_in_memory, must, overlay, run, with_packages

HERE = pathlib.Path(__file__).resolve().parent
PROGRAM = HERE.parent / "terraform/modules/accounts/job/accounts.py"
PACKAGES = ["openssh-server", "openssh-client", "openssh-sftp-server", "sudo", "libpam-google-authenticator", "iproute2"]

BASTION = "10.20.1.10"
OWN = {"provider-a": "10.20.128.148", "receiver-a": "10.20.128.138"}
# Addresses that userA has no business with; whoever connects is written down.
FORBIDDEN = [("10.20.129.10", 22), ("10.20.129.20", 22), ("10.20.128.10", 22), ("10.20.128.138", 8443), ("127.0.0.1", 8081), (BASTION, 9999)]
CONTROL = "/tmp/control"


def prepare(folder):
    """The roots, while there is a network to install from."""
    with_packages(folder / "base", PACKAGES)
    for name in ("bastion", "server", "client"):
        overlay(folder / name, folder / "base/upper", "/")


class Canaries:
    """Listeners at addresses that nobody may reach."""

    def __init__(self):
        self.reached = []
        for address in FORBIDDEN:
            listener = socket.create_server(address)
            threading.Thread(target=self.accept, args=(listener, address), daemon=True).start()

    def accept(self, listener, address):
        while True:
            connection, _ = listener.accept()
            self.reached.append(address)
            connection.close()


def code(secret):
    """What the user's application shows."""
    digest = hmac.new(base64.b32decode(secret + "=" * (-len(secret) % 8)), struct.pack(">Q", int(time.time()) // 30), hashlib.sha1).digest()
    place = digest[-1] & 15
    return f"{(struct.unpack('>I', digest[place : place + 4])[0] & 0x7FFFFFFF) % 1000000:06}"


class Rehearsal:
    def __init__(self, folder):
        self.folder = folder
        self.roots = {name: folder / name / "root" for name in ("bastion", "server", "client")}
        self.failed = []
        self.seen = 0

    def row(self, name, fact, said=""):
        self.seen += 1
        print(f"{'ok    ' if fact else 'WRONG '} {name}", flush=True)
        if not fact:
            self.failed.append(f"{name}: {said}")

    def accounts(self, root, settings):
        """Runs the program as Systems Manager would. There is no systemd to reload anything."""
        stub = root / "usr/local/bin/systemctl"
        stub.write_text("#!/bin/sh\nexit 0\n")
        stub.chmod(0o755)
        shutil.copy(PROGRAM, root / "tmp/accounts.py")
        (root / "run/sshd").mkdir(exist_ok=True)
        inside(root, "ssh-keygen", "-A")
        inside(
            root,
            "python3",
            "/tmp/accounts.py",
            base64.b64encode(json.dumps(settings).encode()).decode(),
            env={**os.environ, "PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        )

    def sshd(self, root, *addresses):
        listen = [option for address in addresses for option in ("-o", f"ListenAddress={address}")]
        log = open(self.folder / f"{root.parent.name}.log", "w")
        subprocess.Popen([CHROOT, str(root), "/usr/sbin/sshd", "-D", "-e", *listen], stdout=log, stderr=log)
        for address in addresses:
            deadline = time.monotonic() + 10
            while True:
                with contextlib.suppress(OSError):
                    socket.create_connection((address, 22), 1).close()
                    break
                if time.monotonic() > deadline:
                    sys.exit(f"no sshd at {address}: {(self.folder / f'{root.parent.name}.log').read_text()}")
                time.sleep(0.05)

    def client(self, *command, answer="", typed=None, user="userA", key="/tmp/key"):
        """A command of the user's own machine. `answer`: what a question is answered with."""
        root = self.roots["client"]
        ask = root / "tmp/ask"
        ask.write_text(f"#!/bin/sh\necho '{answer}'\n")
        ask.chmod(0o755)
        environment = {
            "PATH": "/usr/bin:/bin",
            "HOME": "/root",
            "SSH_ASKPASS": "/tmp/ask",
            "SSH_ASKPASS_REQUIRE": "force",
            "DISPLAY": ":0",
            "SSH_AUTH_SOCK": "/tmp/agent",
        }
        options = [
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "LogLevel=ERROR",
            "-o",
            "ConnectTimeout=5",
            "-o",
            "NumberOfPasswordPrompts=1",
        ]
        program, *rest = command
        if program in ("ssh", "scp", "sftp"):
            rest = options + ([] if any(word.startswith("ControlPath") or word == "-S" for word in rest) else ["-i", key, "-o", "IdentitiesOnly=yes"]) + rest
        try:
            return run(CHROOT, str(root), program, *rest, env=environment, input=typed or "", timeout=20)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(command, 124, (late.stdout or b"").decode(), "timed out")

    def mux(self, *command, typed=None):
        """The same over the connection that is open already: a code counts once."""
        return self.client("ssh", "-S", CONTROL, *command, typed=typed)

    def begin(self):
        for address in {BASTION, *OWN.values(), *(address for address, _ in FORBIDDEN)} - {"127.0.0.1"}:
            must("ip", "address", "add", f"{address}/32", "dev", "lo")
        must("ip", "link", "set", "lo", "up")
        client = self.roots["client"]
        for name in ("key", "other"):
            inside(client, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"/tmp/{name}")
        public = (client / "tmp/key.pub").read_text().strip()
        users = {"userA": {"domain": "a", "keys": [public]}, "userB": {"domain": "b", "keys": [(client / "tmp/other.pub").read_text().strip()]}}
        servers = {"a": OWN, "b": {"receiver-b": "10.20.129.10", "provider-b": "10.20.129.20"}}
        self.accounts(self.roots["bastion"], {"role": "bastion", "accounts": users, "servers": servers})
        self.accounts(self.roots["server"], {"role": "server", "accounts": {"userA": users["userA"]}, "programs": ["provider-connector"]})
        self.sshd(self.roots["bastion"], BASTION)
        self.sshd(self.roots["server"], *OWN.values())
        self.canaries = Canaries()
        subprocess.Popen([CHROOT, str(client), "ssh-agent", "-D", "-a", "/tmp/agent"], stdout=subprocess.DEVNULL)
        while not (client / "tmp/agent").exists():
            time.sleep(0.05)
        inside(client, "ssh-add", "-q", "/tmp/key", env={"SSH_AUTH_SOCK": "/tmp/agent", "PATH": "/usr/bin:/bin"})

    def enrolment(self):
        bastion = self.roots["bastion"]
        secret = bastion / "var/lib/kakehashi/totp/userA/secret"
        done = self.client("ssh", "-tt", f"userA@{BASTION}")
        self.row(
            "without an operator's word nobody logs in by the key alone", done.returncode == 255 and "Servers" not in done.stdout, done.stdout + done.stderr
        )
        done = run(CHROOT, str(bastion), "/usr/local/sbin/kakehashi-enrol", "root")
        self.row("the operator's word is for users of the bastion alone", done.returncode == 1, done.stdout)
        inside(bastion, "/usr/local/sbin/kakehashi-enrol", "userA")
        done = self.client("ssh", "-tt", f"userA@{BASTION}", typed="-1\n")
        self.row("with it the user sets up a second factor", done.returncode == 0 and secret.exists(), done.stdout + done.stderr)
        if not secret.exists():
            return None
        words = secret.read_text().split()
        self.row(
            "the secret is shown to the user, and is the user's own", words[0] in done.stdout and secret.stat().st_mode & 0o077 == 0, oct(secret.stat().st_mode)
        )
        done = self.client("ssh", "-tt", f"userA@{BASTION}")
        self.row("from then on a code is needed, though the word still holds", done.returncode == 255, done.stdout)
        return words[0]

    def goods(self, secret):
        done = self.client("ssh", "-M", "-S", CONTROL, "-i", "/tmp/key", "-o", "IdentitiesOnly=yes", "-f", "-N", f"userA@{BASTION}", answer=code(secret))
        self.row("key and code open the bastion", done.returncode == 0, done.stderr)
        # The third attempt in half a minute; a fourth would wait.
        done = self.client("ssh", "-tt", f"userA@{BASTION}", answer="000000")
        self.row("a wrong code does not", done.returncode == 255 and "Servers" not in done.stdout, done.stdout)
        done = self.mux("-tt", "-A", "x", typed="1\nid -un; exit\n")
        self.row("the menu leads to a server of the domain", "userA" in done.stdout.split("Number:")[-1], done.stdout + done.stderr)
        done = self.through("10.20.128.138", "id -un; sudo -n -l")
        self.row("ssh -J leads there too, with a key that the bastion never sees", done.stdout.startswith("userA\n"), done.stdout + done.stderr)
        self.row("there the user may restart the domain's program", "/usr/bin/systemctl restart provider-connector.service" in done.stdout, done.stdout)

    def through(self, address, command, *options, key="/tmp/key"):
        proxy = f"ssh -S {CONTROL} -o LogLevel=ERROR -W %h:%p x"
        return self.client("ssh", "-o", f"ProxyCommand={proxy}", *options, f"userA@{address}", command, key=key)

    def evils(self):
        for what, words in {
            "a command": ["x", "id"],
            "a shell": ["-tt", "x", "/bin/sh -i"],
            "netcat": ["x", "nc 10.20.129.10 22"],
            "another home": ["x", "cat /home/userB/.bash_history"],
            "sftp's server": ["-s", "x", "sftp"],
        }.items():
            done = self.mux(*words, typed="id\n")
            self.row(f"trick: {what}", done.returncode != 0 and "uid=" not in done.stdout, done.stdout)
        for what, words in {
            "scp": ["scp", "-O", "-o", f"ControlPath={CONTROL}", "/tmp/key.pub", "x:/tmp/"],
            "sftp": ["sftp", "-o", f"ControlPath={CONTROL}", "x"],
        }.items():
            done = self.client(*words, typed="ls\n")
            self.row(f"trick: {what}", done.returncode != 0 and not (self.roots["bastion"] / "tmp/key.pub").exists(), done.stdout)
        for address, port in FORBIDDEN:
            done = self.mux("-W", f"{address}:{port}", "x")
            self.row(f"trick: -W {address}:{port}", done.returncode != 0, done.stdout)
        done = self.through("10.20.129.10", "id")
        self.row("trick: -J to another domain's server", done.returncode != 0, done.stdout)
        for place, (what, option, target) in enumerate(
            [
                ("-L to another domain's server", "-L", "10.20.129.10:22"),
                ("-L to another port of the own server", "-L", "10.20.128.138:8443"),
                ("-L to the bastion itself", "-L", "127.0.0.1:8081"),
                ("-L to a socket on the bastion", "-L", "/run/systemd/private"),
                ("-D", "-D", None),
            ]
        ):
            port = 9100 + place
            before = len(self.canaries.reached)
            self.mux("-O", "forward", option, f"127.0.0.1:{port}" + (f":{target}" if target else ""), "x")
            self.row(f"trick: {what}", self.nothing_through(port, target is None) and len(self.canaries.reached) == before, str(self.canaries.reached))
        done = self.mux("-O", "forward", "-R", "127.0.0.1:9200:127.0.0.1:22", "x")
        with contextlib.closing(socket.socket()) as probe:
            self.row("trick: -R", done.returncode != 0 and probe.connect_ex(("127.0.0.1", 9200)) != 0, done.stdout)
        done = self.through("10.20.128.138", "mkdir -p ~/.ssh && cat > ~/.ssh/authorized_keys && chmod 600 ~/.ssh/authorized_keys", key="/tmp/key")
        (self.roots["server"] / "home/userA/.ssh").mkdir(exist_ok=True)
        (self.roots["server"] / "home/userA/.ssh/authorized_keys").write_text((self.roots["client"] / "tmp/other.pub").read_text())
        done = self.through("10.20.128.138", "id", key="/tmp/other")
        self.row("trick: a key of the user's own making on a server", done.returncode != 0, done.stdout)
        done = self.through("10.20.128.138", "sudo -n id; sudo -n systemctl edit provider-connector; sudo -n journalctl")
        self.row("trick: more than the listed by sudo", "uid=0" not in done.stdout and done.returncode != 0, done.stdout)
        done = self.client(
            "ssh",
            "-o",
            f"ProxyCommand=ssh -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i /tmp/key -o 'ProxyCommand=ssh -S {CONTROL} -W %h:%p x' -W 10.20.129.10:22 userA@10.20.128.138",
            "userA@10.20.129.10",
            "id",
        )
        self.row("trick: on from the own server", done.returncode != 0, done.stdout)
        for user in ("root", "ubuntu", "userB"):
            done = self.client("ssh", f"{user}@{BASTION}", "id", answer="000000")
            self.row(f"trick: as {user}", done.returncode == 255, done.stdout)
        for name in ("userA", "userB"):
            mode = (self.roots["bastion"] / f"home/{name}").stat().st_mode & 0o777
            self.row(f"the home of {name} is closed to others", mode == 0o700, oct(mode))
        self.row("nobody was reached who may not be", self.canaries.reached == [], str(self.canaries.reached))

    def nothing_through(self, port, socks):
        """Whether a forwarded port leads nowhere."""
        try:
            with socket.create_connection(("127.0.0.1", port), 5) as connection:
                connection.settimeout(5)
                if socks:
                    connection.sendall(b"\x05\x01\x00")
                    connection.recv(2)
                    connection.sendall(b"\x05\x01\x00\x01" + socket.inet_aton("10.20.129.10") + struct.pack(">H", 22))
                    # The second byte says how it went: 0 is well.
                    return connection.recv(2)[1:2] != b"\x00"
                return connection.recv(16) == b""
        except OSError:
            return True

    def ended(self):
        """Off the list: no way in any more."""
        settings = {"role": "server", "accounts": {}, "programs": ["provider-connector"]}
        self.accounts(self.roots["server"], settings)
        self.row("off the list there is no key", not (self.roots["server"] / "etc/ssh/keys/userA").exists())
        done = self.through("10.20.128.138", "id")
        self.row("off the list there is no login", done.returncode != 0, done.stdout)


def rehearse(folder):
    rehearsal = Rehearsal(folder)
    rehearsal.begin()
    secret = rehearsal.enrolment()
    if secret:
        rehearsal.goods(secret)
        rehearsal.evils()
        rehearsal.ended()
    if rehearsal.failed:
        sys.exit("\n".join(rehearsal.failed))
    print(f"{rehearsal.seen} rows of the bastion hold")


def main():
    if os.geteuid() != 0:
        sys.exit("the rehearsal of the bastion wants root, for namespaces of its own")
    stage = sys.argv[1:]
    if not stage:
        enter(__file__)
    folder = pathlib.Path(stage[1])
    if stage[0] == "inside":
        keep_in_memory(folder)
        prepare(folder)
        sys.exit(subprocess.run(["unshare", "--net", sys.executable, __file__, "rehearse", str(folder)]).returncode)
    rehearse(folder)


if __name__ == "__main__":
    main()
