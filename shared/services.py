"""Dependency container: settings, clock, id source and lazily created clients.

Each client is created, and its library imported, on first use, so a cold start pays only for what
the request needs. Tests pass their own clock and id source.
"""

import functools
import secrets
import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from shared.db.pool import Database
from shared.settings import Settings, settings

if TYPE_CHECKING:
    import httpx

    from shared.clients.chat import ChatClient
    from shared.clients.cloud_tasks import Tasks
    from shared.clients.jwks import JwksClient
    from shared.clients.safe_fetch import SafeFetcher
    from shared.db.listener import Channel, Listener
    from shared.storage.client import ObjectStorage
    from shared.storage.images.sanitizer import Pictures

_HTTP_TIMEOUT_SECONDS = 10


class Services:
    """The dependencies that a handler receives besides its payload and its caller."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Callable[[], float] = time.time,
        new_id: Callable[[], UUID] = uuid4,
        new_seed: Callable[[], int] = lambda: secrets.randbelow(2**32),
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.new_id = new_id
        self.new_seed = new_seed
        self.database = Database(settings)

    @cached_property
    def storage(self) -> "ObjectStorage":
        """Cloud Storage."""
        from shared.storage.client import ObjectStorage  # noqa: PLC0415 - half a second to import

        return ObjectStorage(self.settings)

    @cached_property
    def tasks(self) -> "Tasks":
        """Cloud Tasks."""
        from shared.clients.cloud_tasks import Tasks  # noqa: PLC0415 - half a second to import

        return Tasks(self.settings)

    @cached_property
    def http(self) -> "httpx.AsyncClient":
        """HTTP client for workers and token issuers; it does not follow redirects."""
        import httpx  # noqa: PLC0415 - most functions make no HTTP calls

        return httpx.AsyncClient(timeout=_HTTP_TIMEOUT_SECONDS, trust_env=False)

    @cached_property
    def chat_client(self) -> "ChatClient":
        """Client of the language models."""
        from shared.clients.chat import ChatClient  # noqa: PLC0415 - most functions use none

        return ChatClient(self.settings, self.database)

    @cached_property
    def idempotency_listener(self) -> "Listener":
        """Notifications about stored responses and released idempotency keys."""
        return self._listener("idempotency")

    @cached_property
    def event_listener(self) -> "Listener":
        """Notifications about change events and job progress."""
        return self._listener("events")

    @cached_property
    def safe_fetcher(self) -> "SafeFetcher":
        """Fetcher for untrusted URLs. No other client may connect to them."""
        from shared.clients.safe_fetch import SafeFetcher  # noqa: PLC0415 - only for URLs

        return SafeFetcher()

    @cached_property
    def pictures(self) -> "Pictures":
        """Decoder for images that users send; it runs in a separate process."""
        from shared.storage.images.sanitizer import Pictures  # noqa: PLC0415 - most requests send none

        return Pictures()

    @cached_property
    def user_jwks(self) -> "JwksClient":
        """The public keys of the users' token issuer."""
        return self._key_set(self.settings.jwt_jwks_url or "")

    @cached_property
    def oidc_jwks(self) -> "JwksClient":
        """The public keys of Google's OIDC tokens."""
        return self._key_set(self.settings.oidc_jwks_url)

    async def close(self) -> None:
        """Close the clients that were created."""
        for name in {"idempotency_listener", "event_listener"} & self.__dict__.keys():
            await getattr(self, name).close()
        if "pictures" in self.__dict__:
            await self.pictures.close()
        await self.database.close()
        if "http" in self.__dict__:
            await self.http.aclose()
        if "chat_client" in self.__dict__:
            await self.chat_client.close()

    def _listener(self, channel: "Channel") -> "Listener":
        from shared.db.listener import Listener  # noqa: PLC0415 - only for requests that wait

        return Listener(self.settings, channel)

    def _key_set(self, url: str) -> "JwksClient":
        from shared.clients.jwks import JwksClient  # noqa: PLC0415 - only where keys are fetched

        return JwksClient(url, self.http, self.clock)


@functools.cache
def get_services() -> Services:
    """Return the services of this process."""
    return Services(settings())


async def close() -> None:
    """Close the services of this process, if any were used."""
    if get_services.cache_info().currsize:
        await get_services().close()
        get_services.cache_clear()
