"""The operator's image holds what its commands import, and nothing of a worker."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.local_system import ROOT, TIMEOUT_SECONDS

DOCKERFILE = ROOT / "infra/images/operator/Dockerfile"
_CACHES = shutil.ignore_patterns("__pycache__")
"""Other processes write and rename files in them."""


def copied(to: Path) -> None:
    """Copy what the image copies from the repository."""
    for source, target in re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE.read_text(), re.MULTILINE):
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, to / target, ignore=_CACHES)
        else:
            (to / target).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / source, to / target)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin"},
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


def test_it_holds_what_its_commands_import(tmp_path: Path) -> None:
    copied(tmp_path)
    done = run(tmp_path, "-m", "infra.admin", "--help")
    assert done.returncode == 0, done.stderr
    done = run(tmp_path, "-m", "infra.admin", "migrate")
    assert "DATABASE_URL" in done.stderr
    modules = "infra.admin.users, infra.database.migrate, shared.storage.client, shared.jobs"
    done = run(tmp_path, "-c", f"import sys; sys.path.insert(0, '.'); import {modules}.dispatch")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "gpu_workers").exists()


def test_what_it_installs_is_locked_and_is_what_the_functions_have() -> None:
    pattern = re.compile(r"^([a-z0-9._-]+(?:\[[^\]]*\])?)==(\S+)", re.MULTILINE)
    functions = dict(pattern.findall((ROOT / "requirements.txt").read_text()))
    operator = dict(pattern.findall((DOCKERFILE.parent / "requirements.txt").read_text()))
    assert functions.items() <= operator.items()
    assert operator.keys() >= {"yoyo-migrations"}
    assert "--require-hashes" in DOCKERFILE.read_text()


def test_it_runs_without_privileges() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    assert lines.index("USER operator") > max(
        number for number, line in enumerate(lines) if line.startswith(("COPY", "RUN"))
    )
