"""Runs Terraform on a copy of the code, with the stand-in provider and a state on disk."""

import json
import os
import pathlib
import re
import shutil
import subprocess
from concurrent import futures

HERE = pathlib.Path(__file__).resolve().parent
TERRAFORM = HERE.parent / "terraform"

# The state of a check is a file of its own; the real one is in a bucket.
LOCAL_STATE = 'terraform {\n  backend "local" {}\n}\n'


class Failed(Exception):
    """A command of Terraform failed; the text is what it said."""


class Workspace:
    """A copy of infra/terraform below `folder`, in which one environment is planned."""

    def __init__(self, folder, provider_environment):
        self.root = pathlib.Path(folder)
        self.terraform_root = self.root / "terraform"
        self.root.mkdir(parents=True, exist_ok=True)
        shutil.copytree(TERRAFORM, self.terraform_root, ignore=shutil.ignore_patterns(".terraform*", "*.tfstate*"))
        configuration = self.root / "terraformrc"
        # Nothing is downloaded: a provider that the stand-in is not would be an error.
        configuration.write_text('disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = "/nonexistent"\n  }\n}\n')
        self.environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("TF_", "AWS_"))},
            "TF_CLI_CONFIG_FILE": str(configuration),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            **provider_environment,
        }

    def environment_folder(self, name):
        return self.terraform_root / ("bootstrap" if name == "bootstrap" else f"environments/{name}")

    def run(self, name, *arguments):
        return self.run_in(self.environment_folder(name), *arguments)

    def run_in(self, folder, *arguments):
        command = ["terraform", f"-chdir={folder}", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        if done.returncode != 0:
            # The reason is in one of them; beside a reason, a plan of some thousand lines says nothing.
            raise Failed(f"terraform {' '.join(arguments)} in {folder.name}:\n{done.stderr.strip() or done.stdout}")
        return done.stdout

    def test(self):
        """Runs the tests that lie beside the code, some at a time, and counts them."""

        def tests_of(folder):
            if folder.parent.name == "modules":
                self.run_in(folder, "init", "-input=false", "-no-color")
            said = self.run_in(folder, "test", "-no-color")
            return int(re.search(r"(\d+) passed", said).group(1))

        folders = sorted(tests.parent for tests in self.terraform_root.glob("*/*/tests"))
        with futures.ThreadPoolExecutor(max_workers=3) as pool:
            return sum(pool.map(tests_of, folders))

    def initialise(self, name):
        (self.environment_folder(name) / "local_state_override.tf").write_text(LOCAL_STATE)
        self.run(name, "init", "-input=false", "-no-color")

    def validate(self, name):
        self.run(name, "validate", "-no-color")

    def plan(self, name, variables=()):
        """The plan as Terraform's JSON."""
        arguments = [f"-var={key}={json.dumps(value) if not isinstance(value, str) else value}" for key, value in variables]
        self.run(name, "plan", "-input=false", "-no-color", "-lock=false", "-out=check.plan", "-var-file=check.tfvars", *arguments)
        return json.loads(self.run(name, "show", "-json", "-no-color", "check.plan"))

    def apply(self, name):
        """Applies the plan to the stand-in, which makes up what AWS would say, and gives the state as JSON."""
        self.run(name, "apply", "-input=false", "-no-color", "-lock=false", "check.plan")
        return json.loads(self.run(name, "show", "-json", "-no-color"))

    def outputs(self, name):
        return json.loads(self.run(name, "output", "-json", "-no-color"))


def resources(module):
    """All resources of a state or of planned values: (address, type, values)."""
    for resource in module.get("resources", []):
        if resource["mode"] == "managed":
            yield resource["address"], resource["type"], resource.get("values", {})
    for child in module.get("child_modules", []):
        yield from resources(child)
