"""V4 signed URLs: by a local key where there is one; else Cloud Run's own account signs by IAM."""

import functools
from datetime import timedelta
from typing import Any, Literal

import google.auth
from google.auth.transport.requests import Request
from google.cloud.storage import Blob
from google.oauth2 import service_account

from shared.settings import Settings


def signed_url(
    blob: Blob,
    settings: Settings,
    method: Literal["GET", "HEAD", "PUT"],
    *,
    seconds: float,
    headers: dict[str, str] | None = None,
    disposition: str | None = None,
) -> str:
    """A URL for ``method`` with exactly ``headers``; what it gives is named by ``disposition``."""
    url: str = blob.generate_signed_url(
        version="v4",
        method=method,
        expiration=timedelta(seconds=seconds),
        headers=dict(headers or {}),  # the client adds to what it is given
        response_disposition=disposition,
        **_signer(settings.signing_key_file),
    )
    return url


def _signer(key_file: str | None) -> dict[str, Any]:
    if key_file:
        return {"credentials": _key(key_file)}
    credentials: Any = google.auth.default()[0]
    if not credentials.valid:
        credentials.refresh(Request())
    return {
        "service_account_email": credentials.service_account_email,
        "access_token": credentials.token,
    }


@functools.cache
def _key(path: str) -> service_account.Credentials:
    key: service_account.Credentials = service_account.Credentials.from_service_account_file(path)
    return key
