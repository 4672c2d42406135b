#!/usr/bin/env python3
"""Checks of the infrastructure code that need no cloud account. `scripts/check-infra` starts this with what it needs installed."""

import argparse
import atexit
import contextlib
import hashlib
import io
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import tomllib
import unittest
from concurrent import futures

import document
import faults
import namespaces
import provider
import schema
import tables
import test_accounts
import test_images
import test_job
import workspace

ENVIRONMENTS = ("bootstrap", "minimal", "trial")

# The long form, to be run by hand before a release: variants of the trial too.
LONG = os.environ.get("KAKEHASHI_INFRA") == "all"


class Rehearsal:
    """A program that runs beside all else, as root, in namespaces of its own. What it rehearsed well it need not rehearse again until something of it changes."""

    def __init__(self, program, *arguments, of):
        path = pathlib.Path(__file__).resolve().parent / program
        parts = [path, path.parent / "namespaces.py", *of]
        self.stamp = pathlib.Path(
            os.environ["CHECK_INFRA_TOOLS"], f"{path.stem}-{hashlib.sha256(b''.join(part.read_bytes() for part in parts)).hexdigest()[:16]}"
        )
        self.process = None
        if not self.stamp.exists() and namespaces.possible():
            self.process = subprocess.Popen([sys.executable, path, *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            # Where another check fails first it still clears away what it made.
            atexit.register(self.process.wait)

    def judged(self):
        if self.stamp.exists():
            return self.stamp.read_text()
        if self.process is None:
            return "NOT RUN: it wants root and namespaces of its own"
        said, _ = self.process.communicate(timeout=300)
        if self.process.returncode != 0:
            raise workspace.Failed(said)
        result = said.strip().splitlines()[-1]
        self.stamp.write_text(f"{result} (before; nothing of it changed)")
        return result


def stage(name, work):
    """One line a stage: how long it took, what was looked at."""
    begun = time.monotonic()
    try:
        what = work()
    except workspace.Failed as failed:
        raise workspace.Failed(f"FAILED  {name}\n{failed}") from None
    print(f"{time.monotonic() - begun:6.1f} s  {name}: {what}", flush=True)


def formatted():
    done = subprocess.run(["terraform", f"-chdir={workspace.TERRAFORM}", "fmt", "-recursive", "-check", "-diff"], capture_output=True, text=True)
    if done.returncode:
        raise workspace.Failed(f"{done.stdout}\nrun: terraform -chdir=infra/terraform fmt -recursive")
    return "as `terraform fmt` writes it"


def programs_tested():
    suite = unittest.TestSuite(unittest.defaultTestLoader.loadTestsFromModule(module) for module in (test_accounts, test_images, test_job))
    with contextlib.redirect_stdout(io.StringIO()):
        result = unittest.TextTestRunner(stream=io.StringIO()).run(suite)
    if not result.wasSuccessful() or not result.testsRun:
        raise workspace.Failed("\n".join(text for _, text in result.failures + result.errors))
    return f"{result.testsRun} passed"


def known_types():
    used, known = schema.types_in_use(workspace.TERRAFORM), set(schema.load())
    if used != known:
        raise workspace.Failed(f"schema.jsonl lacks {sorted(used - known)} and has {sorted(known - used)} too much: infra/README.md says how it is made")
    return f"{len(used)} types of the provider's {schema.VERSION}"


def validated(space):
    for name in ENVIRONMENTS:
        space.initialise(name)
        space.validate(name)
    return ", ".join(ENVIRONMENTS)


def planned(space, name):
    """A plan as the first one against an account would be: nothing is known that AWS only tells afterwards."""
    return f"{sum(1 for _ in workspace.resources(space.plan(name)['planned_values']['root_module']))} resources"


def applied(space, name):
    """Applied to the stand-in, a second plan changes nothing, and the outputs have the shape that hosts are configured from."""
    space.plan(name)
    state = space.apply(name)
    again = space.plan(name)
    changes = [change["address"] for change in again.get("resource_changes", []) if change["change"]["actions"] not in (["no-op"], ["read"])]
    if changes:
        raise workspace.Failed(f"a second plan changes {changes}")
    value = space.outputs(name)["kakehashi"]["value"]
    return f"{judge(tables.minimal(list(workspace.resources(state['values']['root_module'])), value))}, nothing left to change"


def judge(rows):
    if rows.wrong:
        raise workspace.Failed("\n".join(rows.wrong) + f"\n{len(rows.wrong)} of {rows.seen} facts are wrong")
    return f"{rows.seen} facts"


class Foretold:
    """A plan of `trial` in which the stand-in made up what AWS would say, so that it is seen who refers to whom."""

    def __init__(self, space):
        self.space = space
        self.resources, self.value = [], None

    def plan(self):
        self.space.initialise("trial")
        planned = self.space.plan("trial")["planned_values"]
        self.resources = list(workspace.resources(planned["root_module"]))
        self.value = planned["outputs"]["kakehashi"]["value"]
        return f"{len(self.resources)} resources"

    def held_against_tables(self):
        return judge(tables.trial(self.resources, workspace.TERRAFORM, value=self.value))

    def user_data(self, folder):
        """One file for each kind of host."""
        folder.mkdir()
        for _, kind, values in self.resources:
            if kind == "aws_instance":
                (folder / values["tags"]["kakehashi:kind"]).write_text(values["user_data"])
        return folder

    def other(self, variables, wanted):
        """Another trial, by its variables."""
        planned = self.space.plan("trial", variables)["planned_values"]
        return judge(tables.trial(list(workspace.resources(planned["root_module"])), workspace.TERRAFORM, wanted, planned["outputs"]["kakehashi"]["value"]))

    def with_domain_d(self):
        """One line more in the table of domains."""
        domains = {"a": {"number": 1}, "b": {"number": 2}, "c": {"number": 3}, "d": {"number": 4}}
        return self.other([("domains", domains)], tables.with_domain_d(tables.expected()))

    def with_switches(self):
        """What is off otherwise."""
        return self.other([("separate_nlbs", True), ("shield_advanced", True)], tables.with_separate_load_balancers(tables.expected()))

    def documented(self):
        return document.check(self.resources)

    def with_faults(self):
        in_plan = faults.in_the_plan(self.resources, workspace.TERRAFORM)
        return f"{in_plan} in the plan and {faults.in_the_code(self.resources, self.space)} in the code, all found"


def as_it_is(folder):
    """All environments, with a stand-in that knows as little beforehand as the provider does."""
    with provider.Running() as environment:
        space = workspace.Workspace(folder / "plain", environment)
        stage("validate", lambda: validated(space))
        stage("plan of trial", lambda: planned(space, "trial"))
        stage("plan of bootstrap", lambda: planned(space, "bootstrap"))
        stage("minimal, applied to the stand-in", lambda: applied(space, "minimal"))
        stage("tests beside the code", lambda: f"{space.test()} passed")


def foretold(folder):
    """The trial, with values made up beforehand."""
    with provider.Running(foretell=True) as environment:
        trial = Foretold(workspace.Workspace(folder / "foretold", environment))
        stage("plan of trial, foretold", trial.plan)
        data = trial.user_data(folder / "hosts")
        hosts = Rehearsal("rehearse_hosts.py", data, of=sorted(data.iterdir()))
        stage("trial against its tables", trial.held_against_tables)
        stage("rows of the design", trial.documented)
        if LONG:
            stage("trial with a domain more", trial.with_domain_d)
            stage("trial with its switches on", trial.with_switches)
        stage("faults put in on purpose", trial.with_faults)
    stage("settings of hosts, rehearsed", hosts.judged)


def checks(folder):
    bastion = Rehearsal("rehearse_bastion.py", of=[workspace.TERRAFORM / "modules/accounts/job/accounts.py"])
    stage("format", formatted)
    stage("schema", known_types)
    stage("tests of programs for operators, hosts and Lambda", programs_tested)
    # Side by side: most machines have two processors at least.
    with futures.ThreadPoolExecutor() as pool:
        for done in futures.as_completed([pool.submit(as_it_is, folder), pool.submit(foretold, folder)]):
            done.result()
    stage("bastion, rehearsed", bastion.judged)
    print("Checked: the code against the provider's schema and our tables. Not checked: AWS itself; nothing was applied there.")


def policy(plan):
    """Checkov on the plan of `trial`, less what policy.toml says why it is not followed."""
    skipped = tomllib.loads((pathlib.Path(__file__).resolve().parent / "policy.toml").read_text())["skip"]
    with tempfile.TemporaryDirectory(prefix="kakehashi-infra-") as folder:
        path = pathlib.Path(folder, "plan.json")
        path.write_text(json.dumps(plan))

        checkov = pathlib.Path(os.environ["CHECK_INFRA_TOOLS"], "policy/bin/checkov")
        command = [checkov, "--file", path, "--framework", "terraform_plan", "--skip-download", "--quiet", "--compact", "--output", "json"]
        done = subprocess.run(command, capture_output=True, text=True)
    try:
        found = json.loads(done.stdout)
    except json.JSONDecodeError:
        raise workspace.Failed(f"checkov: {done.stdout}{done.stderr}") from None
    failed = found["results"]["failed_checks"]
    wrong = [f"{entry['check_id']} {entry['check_name']}: {entry['resource']}" for entry in failed if entry["check_id"] not in skipped]
    wrong += [f"policy.toml skips {rule}, which nothing breaks" for rule in sorted(set(skipped) - {entry["check_id"] for entry in failed})]
    if wrong:
        raise workspace.Failed("\n".join(wrong))
    return f"{found['summary']['passed']} rules hold, {len(skipped)} are not followed, each with its reason"


def main():
    parser = argparse.ArgumentParser(prog="check-infra", description=__doc__)
    parser.add_argument("--plan", metavar="ENVIRONMENT", choices=ENVIRONMENTS, help="print the plan of an environment as JSON, and nothing else")
    parser.add_argument("--write", action="store_true", help="write the pages of docs/reference that are made from the code, and nothing else")
    parser.add_argument("--policy", action="store_true", help="run checkov on the plan of trial, and nothing else")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kakehashi-infra-") as folder:
        try:
            if arguments.policy:
                with provider.Running() as environment:
                    space = workspace.Workspace(folder, environment)
                    space.initialise("trial")
                    stage("policy", lambda: policy(space.plan("trial")))
            elif arguments.plan:
                with provider.Running() as environment:
                    space = workspace.Workspace(folder, environment)
                    space.initialise(arguments.plan)
                    print(json.dumps(space.plan(arguments.plan)))
            elif arguments.write:
                with provider.Running(foretell=True) as environment:
                    trial = Foretold(workspace.Workspace(folder, environment))
                    trial.plan()
                    document.write(trial.resources)
            else:
                checks(pathlib.Path(folder))
        except workspace.Failed as failed:
            sys.exit(str(failed))


if __name__ == "__main__":
    main()
