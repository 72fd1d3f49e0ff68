"""A function as the cloud serves it: the functions framework with one worker process."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from infra.local.process import privileges
from tests.support.local_system import ROOT, free_port

_START_SECONDS = 60
_POLL_SECONDS = 0.005


class Served:
    """A running process and its port."""

    def __init__(self, source: Path, settings: Mapping[str, str]) -> None:
        self.port = free_port()
        self.began = time.perf_counter()
        options = ["--target", "main", "--source", str(source)]
        options += ["--host", "127.0.0.1", "--port", str(self.port)]
        self._process = subprocess.Popen(
            [
                *privileges.child_prefix("TERM"),
                *(sys.executable, "-m", "functions_framework", *options),
            ],
            env=dict(settings),
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def first_answer(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[float, int]:
        """Request until it responds; return the seconds since its start, and the status."""
        until = time.perf_counter() + _START_SECONDS
        while time.perf_counter() < until:
            if self._process.poll() is not None:
                raise RuntimeError("the function's process has ended")
            with contextlib.suppress(ConnectionRefusedError):
                return self._ask(method, path, headers, body)
            time.sleep(_POLL_SECONDS)
        raise TimeoutError("the function does not answer")

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[float, int]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=_START_SECONDS)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            answer.read()
            return time.perf_counter() - self.began, answer.status

    def workers(self) -> list[int]:
        """Return the ids of the worker processes; their parent only monitors them."""
        listed = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(number) for number in listed.read_text().split()]

    def stop(self) -> None:
        """Stop it and its workers."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5)


@contextmanager
def serving(source: Path, settings: Mapping[str, str]) -> Iterator[Served]:
    """Serve while the block runs, which starts once the process responds."""
    served = Served(source, settings)
    try:
        served.first_answer("OPTIONS", "/", {}, b"")
        yield served
    finally:
        served.stop()
