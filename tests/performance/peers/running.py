"""Run a peer while it is measured."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from infra.local.process import privileges
from tests.performance.peers.environments import NotInstalledError, python_of
from tests.performance.peers.peers import Peer
from tests.support.local_system import free_port

_APPS = Path(__file__).parent / "apps"
_START_SECONDS = 90


@contextlib.asynccontextmanager
async def running(peer: Peer, database_url: str, folder: Path) -> AsyncIterator[int]:
    """Start a peer, and yield its port.

    Raises:
        NotInstalledError: It cannot be installed, or does not start.
    """
    python, port = await asyncio.to_thread(python_of, peer), free_port()
    environment = _environment(python, port, database_url, folder)
    log = (folder / "log").open("w")
    for arguments in peer.before:
        await asyncio.to_thread(
            subprocess.run, [str(python), *arguments], env=environment, cwd=_APPS, check=True
        )
    processes = [
        _started([str(python), *_with(port, command)], environment, log.fileno())
        for command in peer.commands
    ]
    try:
        await _answering(port, processes, folder)
        yield port
    finally:
        for process in processes:
            _end(process)
        log.close()


def _environment(python: Path, port: int, database_url: str, folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        # cog's server starts its worker with the first python on the PATH.
        "PATH": os.pathsep.join([str(python.parent), os.environ["PATH"]]),
        "PORT": str(port),
        "PYTHONPATH": str(_APPS),
        "PEER_DATABASE_URL": database_url,
        "PEER_FOLDER": str(folder),
        "COG_PREDICT_TYPE_STUB": "cog_app.py:Predictor",
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(folder),
    }


def _with(port: int, command: Sequence[str]) -> list[str]:
    return [word.replace("{port}", str(port)) for word in command]


def _started(
    command: list[str], environment: dict[str, str], log: int
) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [*privileges.child_prefix(), *command],
        env=environment,
        cwd=_APPS,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


async def _answering(
    port: int, processes: Sequence["subprocess.Popen[bytes]"], folder: Path
) -> None:
    try:
        async with asyncio.timeout(_START_SECONDS):
            while True:
                if any(process.poll() is not None for process in processes):
                    raise NotInstalledError(_why(folder))
                with contextlib.suppress(OSError):
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                    writer.close()
                    return
                await asyncio.sleep(0.2)
    except TimeoutError:
        raise NotInstalledError(f"it did not answer within {_START_SECONDS} s") from None


def _why(folder: Path) -> str:
    lines = [line.strip() for line in (folder / "log").read_text().splitlines() if line.strip()]
    return f"it ended at once: {lines[-1][:200]}" if lines else "it ended at once"


def _end(process: "subprocess.Popen[bytes]") -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
