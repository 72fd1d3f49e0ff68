"""Run the real terraform over a copy of the configuration; the checkout is not changed."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra import bundle
from infra import manifest as the_map
from tests.support.local_system import ROOT

ENVIRONMENTS = ("staging", "production")
_TIMEOUT_SECONDS = 300


@dataclass(frozen=True)
class Resource:
    """A planned resource: its attributes, and those that only the cloud can determine."""

    address: str
    type: str
    known: dict[str, Any]
    unknown: dict[str, Any]


@dataclass(frozen=True)
class Terraform:
    """A terraform binary, and a copy of the configuration with new bundles."""

    program: str
    folder: Path

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one command in the root module."""
        return subprocess.run(
            [self.program, f"-chdir={self.folder / 'infra/terraform'}", *arguments],
            env=os.environ | {"TF_DATA_DIR": str(self.folder / "data"), "TF_IN_AUTOMATION": "1"},
            check=False,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
        )

    def init(self) -> subprocess.CompletedProcess[str]:
        """Install the modules and the provider."""
        return self.run("init", "-backend=false", "-input=false", "-no-color")

    def test(self, *names: str, environment: str = "production") -> bool:
        """Return whether the named test files pass, or all of them where none is named."""
        only = [f"-filter=tests/{name}.tftest.hcl" for name in names]
        return self.run("test", "-no-color", _file_of(environment), *only).returncode == 0

    def plan(self, environment: str) -> list[Resource]:
        """Return the resources that the environment's root module would create from nothing.

        Raises:
            AssertionError: The root module's own tests fail.
        """
        done = self.run(
            *("test", "-json", "-verbose", "-filter=tests/root.tftest.hcl"), _file_of(environment)
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return list(_planned(done.stdout))


def program() -> str | None:
    """Return the terraform that TERRAFORM names, as `make infra-test` sets it, or None."""
    named = os.environ.get("TERRAFORM")
    if not named:
        return None
    return shutil.which(str((ROOT / named).resolve()) if "/" in named else named)


def copy(program: str, folder: Path) -> Terraform:
    """Copy the manifest, the configuration and the bundles into a folder."""
    ignored = shutil.ignore_patterns(".terraform*", "*.tfplan", "*.tfstate*")
    shutil.copytree(ROOT / "infra/terraform", folder / "infra/terraform", ignore=ignored)
    shutil.copy(the_map.PATH, folder / "infra/services.yaml")
    for function in the_map.read().functions.values():
        bundle.write(function, folder / "dist")
    return Terraform(program, folder)


def _file_of(environment: str) -> str:
    return f"-var-file=environments/{environment}/terraform.tfvars"


def _planned(output: str) -> Iterator[Resource]:
    for line in output.splitlines():
        event = json.loads(line)
        for one in event.get("test_plan", {}).get("resource_changes", []):
            if one["mode"] == "managed":
                change = one["change"]
                yield Resource(
                    one["address"], one["type"], change["after"], change["after_unknown"] or {}
                )
