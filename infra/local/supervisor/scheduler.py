"""Local Cloud Scheduler: calls sweep-jobs periodically with an OIDC token."""

import asyncio
import contextlib
import http.client
import logging
import os
import time
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from infra.local.config import keys
from infra.local.config.environment import OIDC_ISSUER, SCHEDULER_EMAIL, LocalSystem
from infra.local.process import logs

if TYPE_CHECKING:
    from infra.local.tasks_emulator.oidc import TokenSigner

SWEEP_SECONDS = 5.0
_RETRY_SECONDS = 1.0
"""After a failed call, like Cloud Scheduler's retries: the gateway may be starting."""

_TIMEOUT_SECONDS = 300


async def sweep_forever(system: LocalSystem) -> None:
    """Call sweep-jobs every SWEEP_SECONDS until cancelled; failures go to the scheduler's log."""
    seconds = float(os.environ.get("SWEEP_SECONDS") or SWEEP_SECONDS)
    log = _log(system)
    signer = await asyncio.to_thread(_signer)
    while True:
        began = time.monotonic()
        try:
            await asyncio.to_thread(call, system.sweep_url, signer)
            pause = began + seconds - time.monotonic()
        except (OSError, http.client.HTTPException, RuntimeError) as error:
            log.warning("%s: %r", system.sweep_url, error)
            pause = min(_RETRY_SECONDS, seconds)
        await asyncio.sleep(max(0.0, pause))


def call(url: str, signer: "TokenSigner") -> None:
    """Send one POST as Cloud Scheduler does.

    Raises:
        RuntimeError: the status is not 2xx.
    """
    parts = urlsplit(url)
    headers = {
        "authorization": f"Bearer {signer.token(SCHEDULER_EMAIL, url)}",
        "content-type": "application/json",
        "user-agent": "Google-Cloud-Scheduler",
    }
    connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
    with contextlib.closing(connection):
        connection.request("POST", parts.path, b"{}", headers)
        response = connection.getresponse()
        text = response.read(2000).decode(errors="replace")
        if response.status >= HTTPStatus.MULTIPLE_CHOICES:
            raise RuntimeError(f"{response.status} {text}")


def _signer() -> "TokenSigner":
    from infra.local.tasks_emulator.oidc import TokenSigner  # noqa: PLC0415 - slow; after the start

    return TokenSigner(keys.oidc_key().read_bytes(), OIDC_ISSUER)


def _log(system: LocalSystem) -> logging.Logger:
    path = logs.file_of(system.data, "scheduler")
    logs.rotate(path)
    handler = logging.FileHandler(path)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    log = logging.getLogger("infra.local.supervisor.scheduler")
    log.addHandler(handler)
    log.propagate = False
    return log
