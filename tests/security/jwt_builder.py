"""Build JWTs whose parts may hold anything."""

import base64
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import jwt

from infra.local.config import tokens

Claims = dict[str, Any]


def good_claims() -> Claims:
    """Return the claims of a signed-in user."""
    return {
        "iss": tokens.ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": str(uuid4()),
        "role": "authenticated",
        "exp": int(time.time()) + 3600,
    }


def good_token() -> str:
    """Return a valid token, from which the hostile tokens are derived."""
    return jwt.encode(good_claims(), tokens.secret(), algorithm="HS256")


def part(content: object) -> str:
    """Encode one part of a token."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(head: object, body: object, secret: bytes | None = None, digest: str = "sha256") -> str:
    """Build a token with these parts, signed with ``secret`` or else with the issuer's secret."""
    signed = f"{part(head)}.{part(body)}"
    signature = hmac.new(secret or tokens.secret().encode(), signed.encode(), digest).digest()
    return f"{signed}.{part(signature)}"
