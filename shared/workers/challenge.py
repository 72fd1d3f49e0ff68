"""Challenge a worker URL to prove that it holds its signing key."""

import asyncio
import hmac
import secrets
import time

import httpx
from pydantic import ValidationError

from shared.contracts.webhook_signature import challenge_proof
from shared.contracts.worker_registration import Health
from shared.errors import InvalidRequestError
from shared.services import Services

_MAX_BYTES = 10_000
_NEW_CONNECTION = {"connection": "close"}
"""A kept-alive connection may just be closing, so that a live worker would seem unreachable."""


async def verify_worker_url(
    url: str, key_id: str, services: Services, *, timeout_seconds: float = 5
) -> int:
    """Request a proof from a worker URL; return the response time in ms.

    Args:
        url: The worker's base URL.
        key_id: The worker's key.
        services: Provides the HTTP clients and the keys.
        timeout_seconds: How long to wait for the response.

    Raises:
        InvalidRequestError: There is no response in time, or it does not prove the key.
    """
    challenge = secrets.token_urlsafe(24)
    started = time.perf_counter()
    try:
        async with asyncio.timeout(timeout_seconds):
            health = await _ask(url, challenge, services)
    except (TimeoutError, httpx.HTTPError):
        raise InvalidRequestError("The worker URL did not respond to GET /healthz.") from None
    proof = (health.proof or "").encode()
    if not any(
        hmac.compare_digest(
            proof, challenge_proof(key, worker_id=key_id, challenge=challenge).encode()
        )
        for key in services.settings.worker_keys_for(key_id)
    ):
        raise InvalidRequestError("The worker URL did not prove that it holds the worker's key.")
    return round((time.perf_counter() - started) * 1000)


async def _ask(url: str, challenge: str, services: Services) -> Health:
    """Return the health response. A public host is resolved, checked and pinned each time."""
    challenge_url = f"{url}/healthz?challenge={challenge}"
    if url.startswith("https://"):
        body = await services.safe_fetcher.fetch_json(challenge_url, max_bytes=_MAX_BYTES)
    else:
        body = await _ask_loopback(challenge_url, services)
    try:
        return Health.model_validate_json(body)
    except ValidationError:
        raise InvalidRequestError(
            "The worker URL returned an invalid response to GET /healthz."
        ) from None


async def _ask_loopback(url: str, services: Services) -> bytes:
    async with services.http.stream("GET", url, headers=_NEW_CONNECTION) as answer:
        body = b""
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > _MAX_BYTES:
                raise InvalidRequestError("The response of the worker URL is too large.")
        answer.raise_for_status()
        return body
