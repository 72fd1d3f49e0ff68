"""The processes of a running system, for killing them."""

import os
import signal
import time

from infra.local.database import server, setup
from infra.local.process import readiness
from tests.support.local_system import LocalSystem

PARTS = ("gateway", "storage", "tasks", "postgres", "worker")

_TIMEOUT_SECONDS = 120
_LOOK_SECONDS = 0.05


class Parts:
    """The parts of a system, found also while one is down."""

    def __init__(self, system: LocalSystem) -> None:
        self._system = system
        self._ports = system.ports()
        self.database_url = server.url(self._ports["postgres"])

    def kill(self, name: str) -> int:
        """Kill a part with SIGKILL as soon as it has a process, and return its process id."""
        until = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < until:
            pid = self._system.pids().get(name)
            try:
                if pid is not None:
                    os.kill(pid, signal.SIGKILL)
                    return pid
            except ProcessLookupError:
                pass  # it has just ended by itself
            time.sleep(_LOOK_SECONDS)
        raise AssertionError(f"{name} was not started again in {_TIMEOUT_SECONDS} s")

    def wait_for(self, name: str, killed: int) -> float:
        """Wait until another process of the part answers, and return the time in Unix seconds."""
        until = time.monotonic() + _TIMEOUT_SECONDS
        while time.monotonic() < until:
            if self._system.pids().get(name) not in {None, killed} and self._answers(name):
                return time.time()
            time.sleep(_LOOK_SECONDS)
        raise AssertionError(f"{name} was not back in {_TIMEOUT_SECONDS} s")

    def _answers(self, name: str) -> bool:
        port = self._ports[name]
        if name == "postgres":
            return setup.is_up(port)
        return readiness.listens(port) if name == "tasks" else readiness.answers_http(port)
