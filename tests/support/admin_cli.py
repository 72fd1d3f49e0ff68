"""The operator's commands, as an operator gives them, over a running system."""

import os
import subprocess
import sys

from infra.local.config import environment
from infra.local.database import server
from infra.local.database.setup import functions_url
from tests.support.local_system import PATIENCE_SECONDS, ROOT, LocalSystem


def settings_of(system: LocalSystem) -> dict[str, str]:
    """What the commands are told: the functions' own settings."""
    parts = environment.LocalSystem(system.data, system.port, system.ports())
    return environment.functions_env(parts, functions_url(server.url(system.ports()["postgres"])))


def command(
    system: LocalSystem, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """``python -m infra.admin ...``."""
    return subprocess.run(
        [sys.executable, "-m", "infra.admin", *arguments],
        cwd=ROOT,
        env=os.environ | settings_of(system) | settings,
        check=False,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )


def run_ok(system: LocalSystem, *arguments: str) -> str:
    """What a command that succeeds says."""
    done = command(system, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
