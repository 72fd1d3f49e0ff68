"""V4 signed URLs, signed with a local key or through IAM signBlob."""

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
    """Return a V4 signed URL of an object.

    Args:
        blob: The object.
        settings: Provides the key file. Without one, the Cloud Run service account signs.
        method: The only method that the URL allows.
        seconds: How long the URL is valid.
        headers: Headers that the request must send exactly.
        disposition: The Content-Disposition of the response.
    """
    url: str = blob.generate_signed_url(
        version="v4",
        method=method,
        expiration=timedelta(seconds=seconds),
        headers=dict(headers or {}),  # a copy, since the client adds to it
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
