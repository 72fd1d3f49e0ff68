"""The OIDC tokens that tell a target which service account a task speaks for."""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

WINDOW_SECONDS = 600
LIFETIME_SECONDS = 3600


class TokenSigner:
    """Signs as the issuer does, RS256, with a key the local system made.

    The key id is the SHA-256 of the public key's DER form (SubjectPublicKeyInfo), in hexadecimal.
    """

    def __init__(self, private_key_pem: bytes, issuer: str) -> None:
        key = serialization.load_pem_private_key(private_key_pem, password=None)
        if not isinstance(key, RSAPrivateKey):
            raise TypeError("the OIDC key must be an RSA private key")
        self._key = key
        self._issuer = issuer
        self.key_id = hashlib.sha256(
            key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        ).hexdigest()
        # A signature takes about a millisecond, as long as all the rest of a push.
        self._signed = lru_cache(maxsize=256)(self._sign)

    def token(self, email: str, audience: str) -> str:
        """A token good for at least fifty minutes."""
        return self._signed(email, audience, int(time.time()) // WINDOW_SECONDS)

    def _sign(self, email: str, audience: str, window: int) -> str:
        issued_at = window * WINDOW_SECONDS
        subject = str(int.from_bytes(hashlib.sha256(email.encode()).digest()[:8]))
        claims = {
            "iss": self._issuer,
            "aud": audience,
            "azp": subject,
            "sub": subject,
            "email": email,
            "email_verified": True,
            "iat": issued_at,
            "exp": issued_at + LIFETIME_SECONDS,
        }
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self.key_id})
