"""Supervised child process: start, watch, restart and stop."""

import asyncio
import contextlib
import signal
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.config import keys
from infra.local.errors import LocalSystemError
from infra.local.process import logs, privileges

MIN_BACKOFF_SECONDS = 0.2
MAX_BACKOFF_SECONDS = 5.0
_STEADY_SECONDS = 10
"""A process that ran this long before it ended is restarted with the minimum delay."""
_POLL_SECONDS = 0.03


class StartError(LocalSystemError):
    """A process did not start."""


@dataclass(frozen=True)
class ProcessSpec:
    """How a process is started, checked and stopped."""

    name: str
    port: int
    command: Callable[[], list[str]]
    environment: Mapping[str, str]
    is_ready: Callable[[], bool]
    """Polled in a thread after each start."""
    prepare: Callable[[], None] | None = None
    """Called in a thread before each start."""
    stops_with: signal.Signals = signal.SIGTERM
    ready_seconds: float = 60
    """How long a start may take."""
    stop_seconds: float = 10
    """How long a stop may take before the process is killed."""


class ManagedProcess:
    """A process that is restarted when it ends.

    Args:
        program: how it is started and stopped.
        data: the data folder, for its log.
        on_change: called after each start and end.
        say: called with a message for the user after each failure.
    """

    def __init__(
        self,
        program: ProcessSpec,
        data: Path,
        *,
        on_change: Callable[[], None],
        say: Callable[[str], None],
    ) -> None:
        self.program = program
        self._log = logs.file_of(data, program.name)
        self._on_change = on_change
        self._say = say
        self._process: asyncio.subprocess.Process | None = None
        self._watch: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs, else None."""
        process = self._process
        return process.pid if process and process.returncode is None else None

    async def start(self) -> None:
        """Start the process and wait until it is ready; from then on it is restarted.

        Raises:
            StartError: it ended, or was not ready in time.
        """
        logs.rotate(self._log)
        await self._start_once()
        self._watch = asyncio.create_task(self._keep())

    async def stop(self) -> None:
        """Stop the process by its signal, or by SIGKILL if it does not end in time."""
        if self._watch:
            self._watch.cancel()
            await asyncio.wait([self._watch])
        process = self._process
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(self.program.stops_with)
        try:
            await asyncio.wait_for(process.wait(), self.program.stop_seconds)
        except TimeoutError:
            self._say(f"{self.program.name} did not stop in time and was killed.")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        self._on_change()

    async def _start_once(self) -> None:
        program = self.program
        if program.prepare:
            await asyncio.to_thread(program.prepare)
        with self._log.open("ab") as log:
            # A separate session: Ctrl-C in the terminal reaches only the supervisor.
            self._process = await asyncio.create_subprocess_exec(
                *program.command(),
                env=dict(program.environment),
                cwd=keys.CHECKOUT,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._on_change()
        await self._wait_until_ready(self._process)

    async def _wait_until_ready(self, process: asyncio.subprocess.Process) -> None:
        deadline = time.monotonic() + self.program.ready_seconds
        while not await asyncio.to_thread(self.program.is_ready):
            if process.returncode is not None:
                raise self._failure(f"ended ({_reason(process.returncode)}) before it was ready")
            if time.monotonic() > deadline:
                raise self._failure(f"was not ready within {self.program.ready_seconds:.0f} s")
            await asyncio.sleep(_POLL_SECONDS)

    async def _keep(self) -> None:
        backoff = MIN_BACKOFF_SECONDS
        while True:
            began = time.monotonic()
            try:
                await self._wait_for_end()
            finally:
                self._on_change()
            if time.monotonic() - began > _STEADY_SECONDS:
                backoff = MIN_BACKOFF_SECONDS
            await asyncio.sleep(backoff)
            backoff = min(2 * backoff, MAX_BACKOFF_SECONDS)
            with contextlib.suppress(RuntimeError, OSError):  # reported by the next round
                await self._start_once()

    async def _wait_for_end(self) -> None:
        if self._process:
            code = await self._process.wait()
            self._say(f"{self.program.name} ended ({_reason(code)}); starting it again.")

    def _failure(self, what: str) -> StartError:
        lines = logs.last_lines(self._log)
        return StartError(f"{self.program.name} {what}. The end of {self._log}:\n{lines}")


def python_module(*arguments: str) -> list[str]:
    """Return the command of a Python module; the process ends when the supervisor ends."""
    return [*privileges.child_prefix(), sys.executable, "-u", "-m", *arguments]


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit {code}"
