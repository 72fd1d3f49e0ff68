"""JWKS key cache: the public keys of a token issuer, fetched from its JWKS URL."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import jwt

from shared.errors import ServiceUnavailableError
from shared.telemetry.logs import logger

MIN_REFRESH_SECONDS = 30
"""Minimum time between two fetches, however many tokens name unknown keys."""

MAX_AGE_SECONDS = 600
"""Maximum age of the cached keys, so that a key the issuer withdrew is dropped."""


class JwksClient:
    """Fetches and caches the keys of one issuer, by their kid."""

    def __init__(self, url: str, http: httpx.AsyncClient, clock: Callable[[], float]) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._keys: dict[str, Any] = {}
        self._requested_at = float("-inf")
        self._fetched_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def get(self, kid: str) -> Any | None:  # noqa: ANN401 - a key of any algorithm
        """Return the key of that kid; None if the issuer has none.

        Raises:
            ServiceUnavailableError: The issuer is unavailable and no key has been fetched yet.
        """
        if kid not in self._keys:
            await self._refresh(lambda: kid in self._keys)
        elif (
            self._is_old() and not self._fetching.locked()
        ):  # one refresh at a time; other requests use the old keys
            await self._refresh(lambda: not self._is_old())
        return self._keys.get(kid)

    def _is_old(self) -> bool:
        return self._clock() - self._fetched_at > MAX_AGE_SECONDS

    async def _refresh(self, is_done: Callable[[], bool]) -> None:
        async with self._fetching:
            if is_done() or self._clock() - self._requested_at < MIN_REFRESH_SECONDS:
                return
            self._requested_at = self._clock()
            try:
                answer = (await self._http.get(self._url)).raise_for_status().json()
                self._keys = {
                    key.key_id: key.key for key in jwt.PyJWKSet.from_dict(answer).keys if key.key_id
                }
                self._fetched_at = self._clock()
            except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
                logger.warning("the issuer's keys could not be fetched: %s", type(error).__name__)
                if not self._keys:
                    self._requested_at = float("-inf")
                    raise ServiceUnavailableError(
                        "The token issuer is unavailable; try again."
                    ) from error
