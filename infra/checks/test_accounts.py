"""What the accounts' program writes on the bastion and on servers."""

import importlib.util
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parent.parent / "terraform/modules/accounts/job/accounts.py"
spec = importlib.util.spec_from_file_location("accounts", SOURCE)
accounts = importlib.util.module_from_spec(spec)
spec.loader.exec_module(accounts)

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
BASTION = {
    "role": "bastion",
    "accounts": {"userA": {"domain": "a", "keys": [KEY]}, "userB": {"domain": "b", "keys": [KEY]}, "userX": {"domain": "x", "keys": [KEY]}},
    "servers": {"a": {"receiver-a": "10.20.128.138", "provider-a": "10.20.128.148"}, "b": {"receiver-b": "10.20.129.10", "provider-b": "10.20.129.20"}},
}
SERVER = {"role": "server", "accounts": {"userA": {"domain": "a", "keys": [KEY]}}, "programs": ["provider-connector", "data-server"]}


def of_user(text, name):
    return re.search(rf"^Match User {name}\n((?:    .*\n)+)", text, re.M).group(1)


class Bastion(unittest.TestCase):
    def setUp(self):
        self.files = accounts.files(BASTION)
        self.sshd = self.files[accounts.SSHD][1]

    def test_a_user_may_go_through_to_the_servers_of_the_own_domain_alone(self):
        self.assertIn("PermitOpen 10.20.128.148:22 10.20.128.138:22\n", of_user(self.sshd, "userA"))
        self.assertNotIn("-b", of_user(self.sshd, "userA"))
        self.assertNotIn("10.20.129", of_user(self.sshd, "userA"))

    def test_a_domain_without_servers_opens_nothing(self):
        self.assertIn("PermitOpen none\n", of_user(self.sshd, "userX"))

    def test_every_user_has_the_menu_of_the_own_domain(self):
        for name, user in BASTION["accounts"].items():
            self.assertIn(f"ForceCommand /usr/local/lib/kakehashi/choose {user['domain']}\n", of_user(self.sshd, name))

    def test_everybody_needs_a_key_and_a_code(self):
        common = self.sshd.split("Match User")[0]
        self.assertIn("\nAuthenticationMethods publickey,keyboard-interactive:pam\n", common)
        self.assertIn("PasswordAuthentication no\n", common)
        self.assertIn("\nAllowUsers userA userB userX\n", common)
        # A key of the user's own making counts for nothing.
        self.assertIn("\nAuthorizedKeysFile /etc/ssh/keys/%u\n", common)

    def test_all_other_ways_through_are_shut(self):
        common = self.sshd.split("Match User")[0]
        for line in (
            "AllowTcpForwarding no",
            "AllowAgentForwarding no",
            "AllowStreamLocalForwarding no",
            "PermitTunnel no",
            "X11Forwarding no",
            "GatewayPorts no",
            "PermitUserRC no",
            "PermitUserEnvironment no",
        ):
            self.assertIn(f"\n{line}\n", common)
        self.assertNotIn("AllowTcpForwarding yes", self.sshd)

    def test_keys_belong_to_root(self):
        self.assertEqual(self.files["/etc/ssh/keys/userA"], (0o644, KEY + "\n"))

    def test_the_menu_lists_servers_by_name_and_address(self):
        self.assertEqual(self.files["/etc/kakehashi/servers-a"][1], "provider-a 10.20.128.148\nreceiver-a 10.20.128.138\n")

    def test_the_menu_runs_no_command(self):
        with tempfile.TemporaryDirectory() as folder:
            menu = pathlib.Path(folder, "choose")
            menu.write_text(self.files["/usr/local/lib/kakehashi/choose"][1])
            for command in ("sh", "scp -t /", "internal-sftp", "nc 10.20.129.10 22", "/usr/lib/openssh/sftp-server"):
                done = subprocess.run(["sh", str(menu), "a"], env={"SSH_ORIGINAL_COMMAND": command}, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stdout), (1, ""), command)
                self.assertIn("runs no commands", done.stderr)

    def test_the_menu_takes_a_number_of_the_list_and_nothing_else(self):
        with tempfile.TemporaryDirectory() as folder:
            # The menu with its files in a folder of the test, and an ssh that says how it was called.
            bin_, state = pathlib.Path(folder, "bin"), pathlib.Path(folder, "state")
            bin_.mkdir()
            (bin_ / "ssh").write_text('#!/bin/sh\necho "called $*"\n')
            (bin_ / "ssh").chmod(0o755)
            user = subprocess.run(["id", "-un"], capture_output=True, text=True).stdout.strip()
            (state / user).mkdir(parents=True)
            (state / user / "secret").write_text("made\n")
            (pathlib.Path(folder) / "servers-a").write_text(self.files["/etc/kakehashi/servers-a"][1])
            text = self.files["/usr/local/lib/kakehashi/choose"][1]
            text = (
                text.replace("/var/lib/kakehashi/totp", str(state))
                .replace("/etc/kakehashi/servers-", f"{folder}/servers-")
                .replace("PATH=/usr/sbin", f"PATH={bin_}:/usr/sbin")
            )
            menu = pathlib.Path(folder, "choose")
            menu.write_text(text)

            def answer(line):
                done = subprocess.run(["sh", str(menu), "a"], input=line + "\n", capture_output=True, text=True)
                return [found.split("Number: ")[-1] for found in done.stdout.splitlines() if "called" in found]

            self.assertEqual([called.split()[-1] for called in answer("1")], ["10.20.128.148"])
            self.assertEqual([called.split()[-1] for called in answer("2")], ["10.20.128.138"])
            self.assertIn("-F none -e none", answer("2")[0])
            for line in ("", "0", "3", "-1", "1p;w /tmp/x", "10.20.129.10", "receiver-b", "$(id)", "1 2"):
                self.assertEqual(answer(line), [], line)

    def test_scripts_are_sound(self):
        for path, (_, text) in self.files.items():
            if text.startswith("#!/bin/sh"):
                done = subprocess.run(["sh", "-n"], input=text, capture_output=True, text=True)
                self.assertEqual((done.returncode, done.stderr), (0, ""), path)
                self.assertNotIn("%s", text, path)


class Server(unittest.TestCase):
    def setUp(self):
        self.files = accounts.files(SERVER)

    def test_a_server_lets_the_domain_s_users_in_and_through_to_nowhere(self):
        text = self.files[accounts.SSHD][1]
        self.assertIn("\nAllowUsers userA\n", text)
        self.assertIn("\nAllowTcpForwarding no\n", text)
        self.assertNotIn("Match", text)

    def test_users_look_after_the_programs_and_nothing_else(self):
        text = self.files["/etc/sudoers.d/kakehashi"][1]
        self.assertIn("/usr/bin/systemctl restart provider-connector.service", text)
        self.assertIn("/usr/bin/data-server check-config --config /etc/kakehashi/data-server.toml", text)
        self.assertNotIn("*", text)
        self.assertNotIn("ALL=(ALL", text.replace(" ", ""))
        for line in text.splitlines():
            if line.startswith("    "):
                self.assertRegex(
                    line,
                    r"^    /usr/bin/(systemctl (start|stop|restart|reload|status --no-pager) [a-z-]+\.service|journalctl --no-pager -u [a-z-]+\.service|[a-z-]+ check-config --config /etc/kakehashi/[a-z-]+\.toml)(, \\)?$",
                )

    @unittest.skipUnless(shutil.which("visudo", path="/usr/sbin:/usr/bin"), "no visudo here")
    def test_sudo_reads_it(self):
        with tempfile.NamedTemporaryFile("w") as file:
            file.write(self.files["/etc/sudoers.d/kakehashi"][1])
            file.flush()
            done = subprocess.run(["/usr/sbin/visudo", "-cf", file.name], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
