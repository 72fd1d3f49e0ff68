"""Verification of V4 signed URLs (GOOG4-RSA-SHA256): the canonical request is rebuilt.

https://cloud.google.com/storage/docs/authentication/signatures
"""

from __future__ import annotations

import binascii
import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from .errors import (
    AccessDeniedError,
    ExpiredTokenError,
    MalformedSecurityHeaderError,
    SignatureDoesNotMatchError,
)
from .urls import decode, raw_path

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.requests import Request

ALGORITHM = "GOOG4-RSA-SHA256"
_SIGNATURE = "X-Goog-Signature"
_PARAMETERS = (
    "X-Goog-Algorithm",
    "X-Goog-Credential",
    "X-Goog-Date",
    "X-Goog-Expires",
    "X-Goog-SignedHeaders",
)
_LONGEST = timedelta(days=7)
_CLOCK_SKEW = timedelta(minutes=15)


class SignedUrlVerifier:
    """Verifies that a URL was signed by the key, for this request and the current time.

    Verification uses the public key only, so its timing reveals no secret. The signature is checked
    first: a changed URL is always `SignatureDoesNotMatch`, whatever was changed.
    """

    def __init__(self, public_key: RSAPublicKey) -> None:
        self._public_key = public_key
        self._padding = PKCS1v15()
        self._hash = SHA256()

    @classmethod
    def from_pem(cls, pem: bytes) -> SignedUrlVerifier:
        """Load the signer's RSA key from a certificate or a public key.

        Raises:
            TypeError: it is not an RSA key.
        """
        public_key: object = (
            x509.load_pem_x509_certificate(pem).public_key()
            if b"BEGIN CERTIFICATE" in pem
            else load_pem_public_key(pem)
        )
        if not isinstance(public_key, RSAPublicKey):
            raise TypeError("The signer's key is not an RSA key.")
        return cls(public_key)

    def verify(self, request: Request) -> None:
        """Verify a request's URL.

        Raises:
            ApiError: the URL does not allow the request.
        """
        pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
        query = dict(pairs)
        if _SIGNATURE not in query:
            raise AccessDeniedError("Anonymous caller does not have access to the object.")
        if not all(name in query for name in _PARAMETERS):
            raise SignatureDoesNotMatchError
        headers = _signed_headers(request, query["X-Goog-SignedHeaders"])
        canonical = "\n".join(
            (
                request.method,
                quote(decode(raw_path(request)), safe="/~"),
                _canonical_query(pairs),
                *(f"{name}:{value}" for name, value in headers),
                "",
                query["X-Goog-SignedHeaders"],
                "UNSIGNED-PAYLOAD",
            )
        )
        self._verify_signature(query, canonical)
        _verify_scope(query)
        _verify_time(query)

    def _verify_signature(self, query: Mapping[str, str], canonical: str) -> None:
        _, _, scope = query["X-Goog-Credential"].partition("/")
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signed = "\n".join((query["X-Goog-Algorithm"], query["X-Goog-Date"], scope, digest))
        try:
            signature = binascii.unhexlify(query[_SIGNATURE])
            self._public_key.verify(signature, signed.encode(), self._padding, self._hash)
        except (ValueError, InvalidSignature):
            raise SignatureDoesNotMatchError from None


def _signed_headers(request: Request, names: str) -> list[tuple[str, str]]:
    """Return the signed headers with their values in this request."""
    headers = []
    if "host" not in names.split(";"):
        raise SignatureDoesNotMatchError
    for name in names.split(";"):
        values = request.headers.getlist(name)
        if not values:
            raise MalformedSecurityHeaderError(
                "Header was included in signedheaders, but not in the request."
            )
        headers.append((name, ",".join(" ".join(value.split()) for value in values)))
    return headers


def _canonical_query(pairs: Sequence[tuple[str, str]]) -> str:
    encoded = sorted(
        (quote(name, safe="~"), quote(value, safe="~"))
        for name, value in pairs
        if name != _SIGNATURE
    )
    return "&".join(f"{name}={value}" for name, value in encoded)


def _verify_scope(query: Mapping[str, str]) -> None:
    """Check that the credential's scope is Cloud Storage, on the day of the signature."""
    _, *scope = query["X-Goog-Credential"].split("/")
    day = query["X-Goog-Date"][:8]
    if query["X-Goog-Algorithm"] != ALGORITHM:
        raise MalformedSecurityHeaderError("Invalid X-Goog-Algorithm.")
    if len(scope) != len(("day", "location", "service", "request")):
        raise MalformedSecurityHeaderError("Invalid X-Goog-Credential.")
    if [scope[0], *scope[2:]] != [day, "storage", "goog4_request"]:
        raise MalformedSecurityHeaderError("Invalid credential scope.")


def _verify_time(query: Mapping[str, str]) -> None:
    try:
        issued = datetime.strptime(query["X-Goog-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        lifetime = timedelta(seconds=int(query["X-Goog-Expires"]))
    except (ValueError, OverflowError):
        raise MalformedSecurityHeaderError("Invalid X-Goog-Date or X-Goog-Expires.") from None
    if not timedelta(0) < lifetime <= _LONGEST:
        raise MalformedSecurityHeaderError("X-Goog-Expires must be from 1 to 604800 seconds.")
    now = datetime.now(UTC)
    if issued > now + _CLOCK_SKEW:
        raise AccessDeniedError("Request is not valid yet.")
    if now >= issued + lifetime:
        raise ExpiredTokenError(f"Request signature expired at: {(issued + lifetime).isoformat()}")
