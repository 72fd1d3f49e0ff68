"""The operator's command line, run against a running system."""

import os
import subprocess
import sys

from infra.local.config import environment
from infra.local.database import server
from infra.local.database.setup import functions_url
from tests.support.local_system import ROOT, TIMEOUT_SECONDS, LocalSystem


def settings_of(system: LocalSystem) -> dict[str, str]:
    """The environment of the operator's commands: that of the functions."""
    parts = environment.LocalSystem(system.data, system.port, system.ports())
    return environment.functions_env(parts, functions_url(server.url(system.ports()["postgres"])))


def command(
    system: LocalSystem, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run ``python -m infra.admin`` with these arguments."""
    return subprocess.run(
        [sys.executable, "-m", "infra.admin", *arguments],
        cwd=ROOT,
        env=os.environ | settings_of(system) | settings,
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


def run_ok(system: LocalSystem, *arguments: str) -> str:
    """Run a command that must succeed and return its output."""
    done = command(system, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
