"""Tokens as they are made, in parts that may be anything."""

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
    """Of a signed-in user."""
    return {
        "iss": tokens.ISSUER,
        "aud": tokens.AUDIENCE,
        "sub": str(uuid4()),
        "role": "authenticated",
        "exp": int(time.time()) + 3600,
    }


def good_token() -> str:
    """What each of the others is made from."""
    return jwt.encode(good_claims(), tokens.secret(), algorithm="HS256")


def part(content: object) -> str:
    """One part of a token."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def by_hand(head: object, body: object, secret: bytes | None = None, digest: str = "sha256") -> str:
    """A token whose parts are whatever is given, under the issuer's own secret unless told."""
    signed = f"{part(head)}.{part(body)}"
    seal = hmac.new(secret or tokens.secret().encode(), signed.encode(), digest).digest()
    return f"{signed}.{part(seal)}"
