"""Makes the accounts of domain users, on the bastion and on the servers of their domain. Systems Manager runs it as root whenever the lists change.

    accounts.py SETTINGS    (JSON, base64)

On the bastion a user has no shell: whatever is asked for, a menu comes of their domain's servers, and nothing but those can be reached, by the menu or by
forwarding. A second factor is asked for; its secret is made on the bastion, shown to its user alone, and lies nowhere else. On a server a user looks after the
programs that run there and is no administrator.
"""

import base64
import json
import os
import pathlib
import pwd
import subprocess
import sys
import tempfile

GROUP = "kakehashi-users"
KEYS = "/etc/ssh/keys"
SSHD = "/etc/ssh/sshd_config.d/10-kakehashi.conf"

# How long an operator's word holds that a user may set up a second factor.
MINUTES = 15

CHOOSE = """#!/bin/sh
# What every login on the bastion runs: a choice among the servers of the user's domain. What the client asked for instead is not run.
set -eu
PATH=/usr/sbin:/usr/bin:/sbin:/bin
domain=$1
user=$(id -un)

if [ -n "${SSH_ORIGINAL_COMMAND:-}" ]; then
    echo "This host runs no commands: log in and choose a server, or go through it with ssh -J." >&2
    exit 1
fi

if [ ! -s "/var/lib/kakehashi/totp/$user/secret" ]; then
    # Only while the operator's word holds does a login without a code come so far.
    echo "Set up your second factor: enter the secret below into your application. It is shown once."
    google-authenticator --time-based --disallow-reuse --force --rate-limit=3 --rate-time=30 --window-size=3 \\
        --secret="/var/lib/kakehashi/totp/$user/secret"
    echo "Now log in again, with a code."
    exit 0
fi

list=/etc/kakehashi/servers-$domain
echo "Servers of domain $domain:"
nl -w1 -s') ' "$list"
printf 'Number: '
read -r number
case $number in
    '' | *[!0-9]*) echo "No such server." >&2; exit 1 ;;
esac
line=$(sed -n "${number}p" "$list")
if [ -z "$line" ]; then
    echo "No such server." >&2
    exit 1
fi
# Nothing of the user's own configuration counts, and no escape opens a forwarding.
exec ssh -F none -e none -o ClearAllForwardings=yes -o ForwardAgent=no -o PermitLocalCommand=no -o StrictHostKeyChecking=accept-new \\
    -l "$user" -- "${line##* }"
"""

MAY_ENROL = (
    """#!/bin/sh
# Whether this login may come without a code: no secret yet, and an operator said so not long ago.
set -eu
PATH=/usr/bin:/bin
case ${PAM_USER:-} in
    '' | *[!a-zA-Z0-9_-]*) exit 1 ;;
esac
[ ! -s "/var/lib/kakehashi/totp/$PAM_USER/secret" ] || exit 1
[ -n "$(find "/run/kakehashi/may-enrol/$PAM_USER" -mmin -%d 2>/dev/null)" ]
"""
    % MINUTES
)

ENROL = """#!/bin/sh
# For the operator, in a session: lets a user set up a second factor within the next minutes. `--anew` forgets the one that is there.
set -eu
[ "$(id -u)" = 0 ] || { echo "kakehashi-enrol: for root" >&2; exit 1; }
anew=
if [ "${1:-}" = --anew ]; then anew=yes; shift; fi
user=${1:-}
id -nG "$user" 2>/dev/null | tr ' ' '\\n' | grep -qx %s || { echo "kakehashi-enrol: $user is no user of the bastion" >&2; exit 1; }
if [ -n "$anew" ]; then rm -f "/var/lib/kakehashi/totp/$user/secret"; fi
install -d -m 0755 /run/kakehashi/may-enrol
touch "/run/kakehashi/may-enrol/$user"
echo "$user may log in without a code and set up a second factor within %d minutes."
""" % (GROUP, MINUTES)

PAM = """# The second factor of those who log in by SSH. A login without a code is one on which an operator waits.
auth [success=done default=ignore] pam_exec.so quiet /usr/local/lib/kakehashi/may-enrol
auth required pam_google_authenticator.so secret=/var/lib/kakehashi/totp/${USER}/secret
account required pam_nologin.so
@include common-account
session required pam_loginuid.so
session required pam_limits.so
@include common-session
"""

# For everybody who logs in by SSH; what is set first counts.
COMMON = """PasswordAuthentication no
PermitRootLogin no
PermitEmptyPasswords no
PermitUserEnvironment no
PermitUserRC no
AuthorizedKeysFile {keys}/%u
AllowTcpForwarding no
AllowAgentForwarding no
AllowStreamLocalForwarding no
GatewayPorts no
PermitTunnel no
X11Forwarding no
MaxAuthTries 4
LoginGraceTime 60
ClientAliveInterval 300
ClientAliveCountMax 2
LogLevel VERBOSE
"""


def sshd_for_bastion(settings):
    users = settings["accounts"]
    text = COMMON.format(keys=KEYS)
    text += "UsePAM yes\nKbdInteractiveAuthentication yes\nAuthenticationMethods publickey,keyboard-interactive:pam\n"
    text += f"AllowUsers {' '.join(sorted(users)) or 'nobody'}\n"
    for name, user in sorted(users.items()):
        servers = settings["servers"].get(user["domain"], {})
        open_to = " ".join(f"{address}:22" for _, address in sorted(servers.items())) or "none"
        text += f"Match User {name}\n"
        text += f"    ForceCommand /usr/local/lib/kakehashi/choose {user['domain']}\n"
        # The way through to a server with a key of the user's own, which the bastion never sees; from the menu it is the agent's.
        text += f"    AllowTcpForwarding local\n    PermitOpen {open_to}\n    AllowAgentForwarding yes\n"
    return text


def sshd_for_server(settings):
    return (
        COMMON.format(keys=KEYS)
        + f"KbdInteractiveAuthentication no\nAuthenticationMethods publickey\nAllowUsers {' '.join(sorted(settings['accounts'])) or 'nobody'}\n"
    )


def sudoers(settings):
    """What users may do on a server: look after its programs, check their configuration, read their journal. Nothing with a shell or a file of one's choice behind it."""
    lines = []
    for program in settings["programs"]:
        unit = f"{program}.service"
        lines += [f"/usr/bin/systemctl {verb} {unit}" for verb in ("start", "stop", "restart", "reload", "status --no-pager")]
        lines += [f"/usr/bin/journalctl --no-pager -u {unit}", f"/usr/bin/{program} check-config --config /etc/kakehashi/{program}.toml"]
    commands = ", \\\n    ".join(line.replace(":", "\\:").replace(",", "\\,").replace("=", "\\=") for line in lines)
    return f"Cmnd_Alias KAKEHASHI = \\\n    {commands}\n%{GROUP} ALL = (root) NOPASSWD: KAKEHASHI\n" if lines else ""


def files(settings):
    """What this host has to have: path → (mode, content)."""
    found = {f"{KEYS}/{name}": (0o644, "".join(key + "\n" for key in user["keys"])) for name, user in settings["accounts"].items()}
    if settings["role"] == "bastion":
        found[SSHD] = (0o600, sshd_for_bastion(settings))
        found["/etc/pam.d/sshd"] = (0o644, PAM)
        found["/usr/local/lib/kakehashi/choose"] = (0o755, CHOOSE)
        found["/usr/local/lib/kakehashi/may-enrol"] = (0o755, MAY_ENROL)
        found["/usr/local/sbin/kakehashi-enrol"] = (0o755, ENROL)
        for domain, servers in settings["servers"].items():
            found[f"/etc/kakehashi/servers-{domain}"] = (0o644, "".join(f"{name} {address}\n" for name, address in sorted(servers.items())))
    else:
        found[SSHD] = (0o600, sshd_for_server(settings))
        found["/etc/sudoers.d/kakehashi"] = (0o440, sudoers(settings))
    return found


def run(*command):
    subprocess.run(command, check=True)


def write(path, mode, content):
    """Whole or not at all."""
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")
    with os.fdopen(handle, "w") as file:
        file.write(content)
    os.chmod(temporary, mode)
    os.replace(temporary, path)


def make_accounts(settings):
    run("groupadd", "--force", "--system", GROUP)
    for name in sorted(settings["accounts"]):
        try:
            pwd.getpwnam(name)
            run("usermod", "--append", "--groups", GROUP, "--expiredate", "", name)
        except KeyError:
            run("useradd", "--create-home", "--user-group", "--groups", GROUP, "--shell", "/bin/bash", name)
        run("passwd", "--lock", "--quiet", name)
        os.chmod(pwd.getpwnam(name).pw_dir, 0o700)
        if settings["role"] == "bastion":
            secret = pathlib.Path("/var/lib/kakehashi/totp") / name
            secret.mkdir(parents=True, exist_ok=True)
            account = pwd.getpwnam(name)
            os.chown(secret, account.pw_uid, account.pw_gid)
            os.chmod(secret, 0o700)


def end_accounts(settings):
    """Whoever is on the list no longer: no key, no login, no session."""
    members = subprocess.run(["getent", "group", GROUP], capture_output=True, text=True).stdout.strip().split(":")[-1]
    for name in filter(None, members.split(",")):
        if name in settings["accounts"]:
            continue
        pathlib.Path(KEYS, name).unlink(missing_ok=True)
        run("usermod", "--expiredate", "1", name)
        subprocess.run(["pkill", "--signal", "KILL", "--uid", name])


def apply(settings):
    if settings["role"] == "bastion" and not pathlib.Path("/usr/bin/google-authenticator").exists():
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", "libpam-google-authenticator")
    make_accounts(settings)
    wanted = files(settings)
    before = {path: pathlib.Path(path).read_text() if pathlib.Path(path).exists() else None for path in wanted}
    for path, (mode, content) in wanted.items():
        write(path, mode, content)
    checks = [["sshd", "-t"]] + ([["visudo", "-cqf", "/etc/sudoers.d/kakehashi"]] if settings["role"] != "bastion" else [])
    for command in checks:
        if subprocess.run(command, env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}).returncode != 0:
            # As it was: a host with a broken file would let nobody in.
            for path, content in before.items():
                if content is None:
                    pathlib.Path(path).unlink(missing_ok=True)
                else:
                    write(path, wanted[path][0], content)
            sys.exit(f"{' '.join(command)} refuses what was to be written; everything is as it was")
    run("systemctl", "reload", "ssh")
    end_accounts(settings)


if __name__ == "__main__":
    apply(json.loads(base64.b64decode(sys.argv[1])))
