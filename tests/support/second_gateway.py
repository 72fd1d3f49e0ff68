"""The functions with other settings beside a running system, like a revision in the cloud."""

import signal
import subprocess
import sys
from typing import Self

import httpx

from tests.support.admin_cli import settings_of
from tests.support.http import web
from tests.support.local_system import ROOT, TIMEOUT_SECONDS, UNLIMITED, LocalSystem, wait_until


class SecondGateway(LocalSystem):
    """A separate gateway on the system's database, storage and queues."""

    def __init__(self, of: LocalSystem, **settings: str) -> None:
        super().__init__(of.data, worker="none")
        own = settings_of(of) | UNLIMITED | settings
        self._out = (of.data.parent / f"revision-{self.port}.log").open("w+")
        self._gateway = subprocess.Popen(
            [sys.executable, "-m", "infra.local.gateway.app", "--port", str(self.port)],
            cwd=ROOT,
            env=own,
            stdout=self._out,
            stderr=subprocess.STDOUT,
        )

    def up(self) -> Self:
        """Wait until it serves."""
        wait_until(self._answers, what="a revision to serve")
        return self

    def said(self) -> str:
        """Return the log so far."""
        self._out.seek(0)
        return self._out.read()

    def end(self) -> None:
        """Stop as the cloud does: requests in flight are answered first."""
        self._gateway.send_signal(signal.SIGTERM)
        self._gateway.wait(timeout=TIMEOUT_SECONDS)
        self._out.close()

    def _answers(self) -> bool:
        assert self._gateway.poll() is None, self.said()
        try:
            return web.get(f"{self.base}/healthz").is_success
        except httpx.TransportError:
            return False
