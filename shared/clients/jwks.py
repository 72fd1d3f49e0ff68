"""The public keys of a token's issuer, fetched from its JWKS address and kept."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import jwt

from shared.errors import ServiceUnavailableError
from shared.telemetry.logs import logger

MIN_REFRESH_SECONDS = 30
"""However many tokens name unknown keys, the issuer is asked at most this often."""

MAX_AGE_SECONDS = 600
"""After so long the keys are fetched anew, so that one which the issuer withdrew is forgotten."""


class JwksClient:
    """Keys by their kid."""

    def __init__(self, url: str, http: httpx.AsyncClient, clock: Callable[[], float]) -> None:
        self._url = url
        self._http = http
        self._clock = clock
        self._keys: dict[str, Any] = {}
        self._asked_at = float("-inf")
        self._had_at = float("-inf")
        self._fetching = asyncio.Lock()

    async def get(self, kid: str) -> Any | None:  # noqa: ANN401 - a key of any algorithm
        """The key of that kid; None where the issuer has none.

        Raises:
            ServiceUnavailableError: where no key was ever had because the issuer is away.
        """
        if kid not in self._keys:
            await self._refresh(lambda: kid in self._keys)
        elif self._is_old() and not self._fetching.locked():  # meanwhile the others go on
            await self._refresh(lambda: not self._is_old())
        return self._keys.get(kid)

    def _is_old(self) -> bool:
        return self._clock() - self._had_at > MAX_AGE_SECONDS

    async def _refresh(self, is_done: Callable[[], bool]) -> None:
        async with self._fetching:
            if is_done() or self._clock() - self._asked_at < MIN_REFRESH_SECONDS:
                return
            self._asked_at = self._clock()
            try:
                answer = (await self._http.get(self._url)).raise_for_status().json()
                self._keys = {
                    key.key_id: key.key for key in jwt.PyJWKSet.from_dict(answer).keys if key.key_id
                }
                self._had_at = self._clock()
            except (httpx.HTTPError, ValueError, jwt.PyJWTError) as error:
                logger.warning("the issuer's keys could not be had: %s", type(error).__name__)
                if not self._keys:
                    self._asked_at = float("-inf")
                    raise ServiceUnavailableError("The token issuer is away; try again.") from error
