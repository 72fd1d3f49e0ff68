"""What a setting may hold, beyond what pydantic knows."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from shared.contracts.signature import key_bytes

LEAST_SECRET_BYTES = 32
"""RFC 7518, section 3.2: a key of HS256 is at least as long as its hash."""


def _several(given: object) -> object:
    """Secrets apart by white space, which none of them holds."""
    return given.split() if isinstance(given, str) else given or ()


def _long_enough(secrets: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
    if any(len(one.get_secret_value().encode()) < LEAST_SECRET_BYTES for one in secrets):
        raise ValueError(f"must hold {LEAST_SECRET_BYTES} bytes or more, without white space")
    return secrets


def _well_formed(keys: dict[str, list[SecretStr]]) -> dict[str, list[SecretStr]]:
    for key in (key for several in keys.values() for key in several):
        key_bytes(key.get_secret_value())
    return keys


def _web_address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an address that begins with http:// or https://")
    return url


Secrets = Annotated[tuple[SecretStr, ...], BeforeValidator(_several), AfterValidator(_long_enough)]
"""The newest first, which signs; each of them checks."""
WebAddress = Annotated[str, AfterValidator(_web_address)]
WorkerKeys = Annotated[dict[str, list[SecretStr]], AfterValidator(_well_formed)]
Limit = Annotated[int, Field(ge=0)]
"""0 lifts it."""
