"""Password hashing (scrypt)."""

import hashlib
import secrets

MIN_CHARACTERS = 6
"""Supabase Auth's minimum."""

MAX_BYTES = 72
"""Supabase Auth's maximum: bcrypt ignores further bytes."""

_SALT_BYTES = 16
_COST = {"n": 2**14, "r": 8, "p": 1}
"""OWASP's minimum for scrypt would cost eight times as much; this is a developer's machine."""


def hashed(password: str) -> bytes:
    """Return a random salt followed by the hash of a password."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt + _scrypt(password, salt)


def is_right(password: str, stored: bytes | None) -> bool:
    """Return whether a password has the stored hash; False for None, in the same time."""
    salt_and_digest = stored or bytes(_SALT_BYTES + 64)
    salt, digest = salt_and_digest[:_SALT_BYTES], salt_and_digest[_SALT_BYTES:]
    return secrets.compare_digest(_scrypt(password, salt), digest)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)
