"""The realtime service with only the files that its container holds."""

import contextlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx

from infra.local.config import environment
from infra.local.database import server
from infra.local.database.setup import functions_url
from tests.support.http import web
from tests.support.local_system import (
    ROOT,
    TIMEOUT_SECONDS,
    LocalSystem,
    UserClient,
    free_port,
    wait_until,
)
from tests.support.realtime_changes import SESSIONS, make_change, names
from tests.support.realtime_client import Client

DOCKERFILE = ROOT / "functions/realtime/Dockerfile"


def _copy_what_the_container_holds(target: Path) -> None:
    for line in DOCKERFILE.read_text().splitlines():
        match line.split():
            case ["COPY", source, into] if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, target / into)
            case ["COPY", source, into]:
                (target / into).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, target / into)


def _is_up(base: str) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return web.get(f"{base}/healthz").is_success
    return False


@contextlib.contextmanager
def _running(system: LocalSystem, tree: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """The container's command, with the functions' settings."""
    parts = environment.LocalSystem(system.data, system.port, system.ports())
    url = functions_url(server.url(system.ports()["postgres"]))
    process = subprocess.Popen(
        [sys.executable, "-m", "infra.websocket_server", "--port", str(port)],
        cwd=tree,
        env=environment.functions_env(parts, url),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_until(lambda: _is_up(address), what="the service to start")
        yield process
    finally:
        process.kill()
        process.wait()


async def test_the_container_serves_and_closes_its_sockets_when_it_ends(
    bare: LocalSystem, person: UserClient, tmp_path: Path
) -> None:
    _copy_what_the_container_holds(tmp_path)
    port = free_port()
    with _running(bare, tmp_path, port) as process:
        async with Client(f"http://127.0.0.1:{port}") as client:
            assert (await client.join("a", SESSIONS, token=person.token))["status"] == "ok"
            make_change(bare, person, "received")
            assert names(await client.wait("a", 1)) == ["received"]
            process.send_signal(signal.SIGTERM)
            assert await client.closed() == 1012, "which is: come again"
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    assert "apikey" not in output
    assert "Traceback" not in output


def test_the_container_runs_as_no_root_on_locked_requirements() -> None:
    lines = DOCKERFILE.read_text().splitlines()
    users = [number for number, line in enumerate(lines) if line.startswith("USER ")]
    assert lines[users[-1]] != "USER root"
    assert users[-1] < max(number for number, line in enumerate(lines) if line.startswith("CMD"))
    assert any("--require-hashes" in line for line in lines)
