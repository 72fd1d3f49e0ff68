"""The challenge: only the holder of the worker's key can answer, and only at its own address."""

import hmac
import secrets
import time

import httpx
from pydantic import ValidationError

from shared.contracts.signature import prove
from shared.contracts.workers import Health
from shared.errors import InvalidError
from shared.services import Services

_TIMEOUT_SECONDS = 5
_MOST_BYTES = 10_000


async def answer_time(url: str, key_id: str, services: Services) -> int:
    """Ask the address for its proof; how long the answer took, in ms.

    Raises:
        InvalidError: where it does not answer, or cannot prove that it holds the key.
    """
    challenge = secrets.token_urlsafe(24)
    started = time.perf_counter()
    health = await _ask(url, challenge, services)
    given = (health.proof or "").encode()
    if not any(
        hmac.compare_digest(given, prove(key, worker_id=key_id, challenge=challenge).encode())
        for key in services.settings.keys_of(key_id)
    ):
        raise InvalidError("The address did not prove that it holds the worker's key.")
    return round((time.perf_counter() - started) * 1000)


async def _ask(url: str, challenge: str, services: Services) -> Health:
    try:
        async with services.http.stream(
            "GET", f"{url}/healthz", params={"challenge": challenge}, timeout=_TIMEOUT_SECONDS
        ) as answer:
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > _MOST_BYTES:
                    raise InvalidError("The address answered too much.")
            answer.raise_for_status()
            return Health.model_validate_json(body)
    except httpx.HTTPError:
        raise InvalidError("The address did not answer GET /healthz.") from None
    except ValidationError:
        raise InvalidError("The address answered GET /healthz with something else.") from None
