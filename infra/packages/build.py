#!/usr/bin/env python3
"""Makes Debian packages of programs that are built already. `scripts/package` builds them and starts this.

    build.py BINARIES OUTPUT [PACKAGE...]

packages.toml says what there is; units, scripts and settings are filled in from the files beside it.
"""

import argparse
import datetime
import email.utils
import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib

import sbom

HERE = pathlib.Path(__file__).resolve().parent
WORKSPACE = HERE.parent.parent
MAINTAINER = "Kakehashi maintainers <maintainers@kakehashi.example>"

# Ubuntu 22.04 has this one, and hosts of the trial have Ubuntu 22.04.
NEWEST_GLIBC = (2, 35)

# Libraries that programs are linked to, and the packages that bring them.
LIBRARIES = {
    "ld-linux-x86-64.so.2": "libc6",
    "ld-linux-aarch64.so.1": "libc6",
    "libc.so.6": "libc6",
    "libm.so.6": "libc6",
    "libgcc_s.so.1": "libgcc-s1",
}

# What a service needs of a host: trust anchors (a client is not made without any), `kill`, users and folders from files, the helpers of scripts.
FOR_SERVICES = ["ca-certificates", "init-system-helpers (>= 1.54)", "procps", "systemd (>= 249)"]


class Failed(Exception):
    """What is wrong, for whoever wanted the packages."""


def run(*command, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}:\n{done.stdout}{done.stderr}")
    return done.stdout


def version_of(text):
    return tuple(int(part) for part in text.split("."))


def libraries(program):
    """The packages of C libraries that `program` needs, and how new they have to be."""
    dynamic = run("readelf", "--dynamic", program)
    needed = re.findall(r"\(NEEDED\).*\[(.+)\]", dynamic)
    unknown = set(needed) - set(LIBRARIES)
    if unknown:
        raise Failed(f"{program} is linked to {', '.join(sorted(unknown))}, which no host is told to have")
    newest = max((version_of(text) for text in re.findall(r"\bGLIBC_([0-9.]+)", run("readelf", "--version-info", program))), default=None)
    if newest is None:
        raise Failed(f"{program} names no version of glibc")
    if newest > NEWEST_GLIBC:
        raise Failed(f"{program} wants glibc {'.'.join(map(str, newest))}; hosts have {'.'.join(map(str, NEWEST_GLIBC))}")
    return {LIBRARIES[name] for name in needed}, newest


def filled(name, **words):
    text = (HERE / name).read_text()
    for word, value in words.items():
        text = text.replace(f"@{word.upper()}@", value)
    left = re.findall(r"@[A-Z]+@", text)
    if left:
        raise Failed(f"infra/packages/{name}: {left} is filled in by nobody")
    return text


class Package:
    """One package, as a folder of its files."""

    def __init__(self, name, row, root, version, when):
        self.name, self.row, self.root, self.version, self.when = name, row, root, version, when
        self.services = row.get("services", {})
        self.depends = list(row.get("depends", []))
        self.conffiles = []

    def put(self, path, content, mode=0o644):
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content if isinstance(content, bytes) else content.encode())
        place.chmod(mode)

    def packed(self, path, content):
        data = content if isinstance(content, bytes) else content.encode()
        self.put(path, gzip.compress(data, 9, mtime=0))

    def programs(self, binaries):
        """Programs without what debuggers read, with their pages and completions, and what they are linked to."""
        needed, newest = set(), (0, 0)
        for program in self.services:
            built = binaries / program
            if not built.is_file():
                raise Failed(f"{built} is not there; scripts/package builds it")
            place = self.root / "usr/bin" / program
            place.parent.mkdir(parents=True, exist_ok=True)
            run("strip", "--strip-unneeded", "-o", place, built)
            place.chmod(0o755)
            found, glibc = libraries(place)
            needed, newest = needed | found, max(newest, glibc)
            self.documents(program, built)
        if needed:
            libc = f"libc6 (>= {'.'.join(map(str, newest))})"
            self.depends = [libc, *sorted(needed - {"libc6"}), *FOR_SERVICES, *self.depends]

    def documents(self, program, built):
        with tempfile.TemporaryDirectory() as folder:
            run(built, "documents", folder)
            for page in sorted(pathlib.Path(folder).glob("*.1")):
                self.packed(f"usr/share/man/man1/{page.name}.gz", page.read_bytes())
            for source, target in {
                f"{program}.bash": f"usr/share/bash-completion/completions/{program}",
                f"{program}.fish": f"usr/share/fish/vendor_completions.d/{program}.fish",
                f"_{program}": f"usr/share/zsh/vendor-completions/_{program}",
            }.items():
                self.put(target, pathlib.Path(folder, source).read_bytes())

    def as_services(self):
        users, folders = [], ["d /var/lib/kakehashi 0755 root root -"]
        for program, service in self.services.items():
            words = {"program": program, "user": service["user"], "title": service["title"]}
            self.put(f"usr/lib/systemd/system/{program}.service", filled("service.unit", instance="", of="", **words))
            if service.get("instances"):
                self.put(f"usr/lib/systemd/system/{program}@.service", filled("service.unit", instance="-%i", of=" %i", **words))
            self.put(f"etc/default/{program}", filled("default.env", program=program))
            self.conffiles.append(f"/etc/default/{program}")
            users.append(f'u {service["user"]} - "{service["title"]}" /var/lib/kakehashi/{program}')
            folders.append(f"d /var/lib/kakehashi/{program} 0700 {service['user']} {service['user']} -")
        self.put(f"usr/lib/sysusers.d/{self.name}.conf", "\n".join(users) + "\n")
        self.put(f"usr/lib/tmpfiles.d/{self.name}.conf", "\n".join(folders) + "\n")
        # Configurations come from an operator; the folder is there for them.
        (self.root / "etc/kakehashi").mkdir(parents=True)
        units = " ".join(f"{program}.service" for program in self.services)
        for script in ("postinst", "prerm", "postrm"):
            instances = " ".join(f"'{program}@*.service'" for program, service in self.services.items() if service.get("instances"))
            words = {"package": self.name, "units": units, "programs": " ".join(self.services), "instances": instances or "''"}
            known = {word: value for word, value in words.items() if f"@{word.upper()}@" in (HERE / f"{script}.sh").read_text()}
            self.put(f"DEBIAN/{script}", filled(f"{script}.sh", **known), 0o755)

    def files(self):
        for target, source in self.row.get("files", {}).items():
            self.put(target, (WORKSPACE / source).read_bytes(), 0o755 if target.startswith("usr/bin/") else 0o644)
        for page in self.row.get("pages", []):
            self.packed(f"usr/share/man/man1/{page}.gz", (HERE / page).read_bytes())

    def described(self, metadata):
        doc = f"usr/share/doc/{self.name}"
        date = email.utils.format_datetime(self.when)
        entry = f"kakehashi ({self.version}) unstable; urgency=medium\n\n  * What changed is in CHANGELOG.md.gz.\n\n -- {MAINTAINER}  {date}\n"
        self.packed(f"{doc}/changelog.gz", entry)
        self.packed(f"{doc}/CHANGELOG.md.gz", (WORKSPACE / "CHANGELOG.md").read_bytes())
        mit = (WORKSPACE / "LICENSE-MIT").read_text().strip()
        licence = "\n".join(f" {line}" if line.strip() else " ." for line in mit.splitlines())
        self.put(
            f"{doc}/copyright",
            "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\nUpstream-Name: Kakehashi\n"
            "Comment: What programs are built from, each crate with its licence, is listed in sbom.cdx.json.\n\n"
            "Files: *\nCopyright: the Kakehashi authors\nLicense: Expat or Apache-2.0\n\n"
            f"License: Expat\n{licence}\n\nLicense: Apache-2.0\n On Debian systems the whole text is in /usr/share/common-licenses/Apache-2.0.\n",
        )
        if self.services:
            self.put(f"{doc}/sbom.cdx.json", sbom.document(metadata, self.name, self.version, {self.row["crate"]}))
            # SQLite is compiled in: the one of each distribution has other features, and our tests know this one.
            self.put(f"usr/share/lintian/overrides/{self.name}", f"{self.name}: embedded-library libsqlite3 *\n{self.name}: embedded-library sqlite3 *\n")

    def control(self, architecture):
        size = sum(path.stat().st_size for path in self.root.rglob("*") if path.is_file()) // 1024
        text = "".join(f" {line}\n" for line in self.row["description"].strip().splitlines())
        fields = {
            "Package": self.name,
            "Version": self.version,
            "Architecture": architecture if self.services else "all",
            "Maintainer": MAINTAINER,
            "Installed-Size": str(size),
            "Depends": ", ".join(self.depends),
            "Recommends": ", ".join(self.row.get("recommends", [])),
            "Section": "net" if self.services else "admin",
            "Priority": "optional",
            "Description": f"{self.row['summary']}\n{text}".rstrip(),
        }
        self.put("DEBIAN/control", "".join(f"{name}: {value}\n" for name, value in fields.items() if value))
        if self.conffiles:
            self.put("DEBIAN/conffiles", "".join(f"{path}\n" for path in self.conffiles))
        sums = [f"{run('md5sum', path).split()[0]}  {path.relative_to(self.root)}\n" for path in sorted(self.root.rglob("*")) if path.is_file() and "DEBIAN" not in path.parts]
        self.put("DEBIAN/md5sums", "".join(sums))

    def close(self, output, compression):
        stamp = self.when.timestamp()
        for path in [self.root, *self.root.rglob("*")]:
            if path.is_dir():
                path.chmod(0o755)
            os.utime(path, (stamp, stamp))
        run("dpkg-deb", "--build", "--root-owner-group", "-Zxz", f"-z{compression}", self.root, output, env={**os.environ, "SOURCE_DATE_EPOCH": str(int(stamp))})


def chosen(table, names):
    unknown = set(names) - set(table)
    if unknown:
        raise Failed(f"packages.toml has no {', '.join(sorted(unknown))}")
    return {name: row for name, row in table.items() if not names or name in names}


def make(binaries, output, names, version):
    metadata = json.loads(run("cargo", "metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu", cwd=WORKSPACE))
    crates = {package["name"]: package for package in metadata["packages"] if package["source"] is None}
    version = version or crates["common"]["version"]
    when = datetime.datetime.fromtimestamp(int(run("git", "log", "-1", "--format=%ct", cwd=WORKSPACE)), datetime.timezone.utc)
    architecture = run("dpkg", "--print-architecture").strip()
    # The best compression takes a minute for all; who tries something out says 1.
    compression = os.environ.get("KAKEHASHI_PACKAGE_COMPRESSION", "6")
    output.mkdir(parents=True, exist_ok=True)
    for name, row in chosen(tomllib.loads((HERE / "packages.toml").read_text()), names).items():
        crate = row.get("crate")
        built = {target["name"] for target in crates[crate]["targets"] if "bin" in target["kind"]} if crate in crates else set()
        if not set(row.get("services", {})) <= built:
            print(f"not made: {name}, whose programs are in no crate {crate}")
            continue
        with tempfile.TemporaryDirectory() as folder:
            package = Package(name, row, pathlib.Path(folder, name), version, when)
            package.root.mkdir()
            package.programs(binaries)
            package.files()
            if package.services:
                package.as_services()
            package.described(metadata)
            package.control(architecture)
            target = output / f"{name}_{version}_{architecture if package.services else 'all'}.deb"
            package.close(target, compression)
        print(f"{target} ({target.stat().st_size / 1e6:.1f} MB)")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binaries", type=pathlib.Path)
    parser.add_argument("output", type=pathlib.Path)
    parser.add_argument("packages", nargs="*")
    parser.add_argument("--version", help="another version than the workspace's, for a rehearsal of an upgrade")
    arguments = parser.parse_args()
    for tool in ("readelf", "strip", "dpkg-deb", "git"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing: packages are made on Debian or Ubuntu with binutils, dpkg and git")
    try:
        make(arguments.binaries, arguments.output, arguments.packages, arguments.version)
    except Failed as failed:
        sys.exit(str(failed))


if __name__ == "__main__":
    main()
