"""Namespaces of one's own: an overlay of this machine's files, in which packages are installed and programs run, and this machine stays as it is."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

CHROOT = "/usr/sbin/chroot"


def possible():
    """Namespaces of its own are root's, and not every sandbox has them."""
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "--pid", "--fork", "true"], capture_output=True).returncode == 0


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}:\n{done.stdout}{done.stderr}")
    return done.stdout


def inside(root, *command, **options):
    return must(CHROOT, str(root), *command, **options)


def overlay(folder, *lower):
    """A root over other roots."""
    for part in ("upper", "work", "root"):
        (folder / part).mkdir(parents=True)
    root = folder / "root"
    must("mount", "-t", "overlay", "overlay", "-o", f"lowerdir={':'.join(map(str, lower))},upperdir={folder / 'upper'},workdir={folder / 'work'}", str(root))
    must("mount", "-t", "proc", "proc", str(root / "proc"))
    must("mount", "--rbind", "/dev", str(root / "dev"))
    must("mount", "-t", "tmpfs", "tmpfs", str(root / "run"))
    must("mount", "-t", "tmpfs", "tmpfs", str(root / "tmp"))
    return root


def with_packages(folder, packages):
    """A root over this machine's in which `packages` are installed and none of their services started."""
    root = overlay(folder, "/")
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    install = [CHROOT, str(root), "apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    if run(*install, env=quiet).returncode != 0:
        # The lists may be old, or not there at all.
        inside(root, "apt-get", "update", "-qq")
        must(*install, env=quiet)
    return root


def enter(program, *arguments):
    """Runs `program inside FOLDER ARGUMENTS` with files and processes of its own; whatever it starts ends with it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="kakehashi-rehearsal-"))
    try:
        command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", sys.executable, program, "inside", str(folder), *arguments]
        sys.exit(subprocess.run(command).returncode)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def keep_in_memory(folder):
    """What is written to `folder` from now on is gone with the namespace."""
    must("mount", "--make-rprivate", "/")
    must("mount", "-t", "tmpfs", "tmpfs", str(folder))
