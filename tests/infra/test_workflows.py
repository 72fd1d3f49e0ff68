"""The workflows call make targets, use pinned actions, and check what .ci/run checks."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.local_system import ROOT

WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}")


def steps(path: Path) -> list[dict[str, Any]]:
    jobs = yaml.safe_load(path.read_text())["jobs"]
    return [step for job in jobs.values() for step in job["steps"]]


def made(commands: str) -> set[str]:
    """Return the targets of each make command in a text."""
    lines = re.findall(r"\bmake ((?:[a-z-]+ ?)+)", commands)
    return {target for line in lines for target in line.split()}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_each_action_is_pinned_by_its_commit(path: Path) -> None:
    used = [step["uses"] for step in steps(path) if "uses" in step]
    assert used
    assert [one for one in used if not PINNED.fullmatch(one)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_each_command_is_a_target_of_make(path: Path) -> None:
    commands = [step["run"] for step in steps(path) if "run" in step]
    # Docker logs in here; that is the runner's own command.
    commands = [
        command for command in commands if not command.startswith("gcloud auth configure-docker")
    ]
    assert [command for command in commands if not command.startswith("make ")] == []
    assert made("\n".join(commands)) <= TARGETS


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_what_a_run_may_do_is_said(path: Path) -> None:
    permissions = yaml.safe_load(path.read_text())["permissions"]
    assert permissions["contents"] == "read"
    assert "write" not in {may for what, may in permissions.items() if what != "id-token"}


def test_the_checks_are_those_of_ci() -> None:
    ours = made((ROOT / ".ci/run").read_text())
    checks = made("\n".join(step.get("run", "") for step in steps(WORKFLOWS[0])))
    assert WORKFLOWS[0].stem == "checks"
    assert ours <= checks
    assert ours >= {"lint", "typecheck", "test", "test-all", "infra-test"}


def test_dependabot_looks_where_something_is_pinned() -> None:
    updates = yaml.safe_load((ROOT / ".github/dependabot.yml").read_text())["updates"]
    folders = {
        folder.lstrip("/")
        for one in updates
        for folder in [*one.get("directories", []), one.get("directory", "/")]
    }
    for path in (*ROOT.glob("infra/*/requirements.in"), *ROOT.glob("infra/images/*/Dockerfile")):
        assert str(path.parent.relative_to(ROOT)) in folders
    for path in ROOT.glob("functions/*/Dockerfile"):
        assert str(path.parent.relative_to(ROOT)) in folders
