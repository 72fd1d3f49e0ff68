"""Passwords, of which only a hash is kept."""

import hashlib
import secrets

MIN_CHARACTERS = 6
"""Supabase Auth's own."""

MAX_BYTES = 72
"""The same: more is refused, since bcrypt would not read it."""

_SALT_BYTES = 16
_COST = {"n": 2**14, "r": 8, "p": 1}
"""OWASP's least for scrypt would be eight times as dear; this is one developer's machine."""


def hashed(password: str) -> bytes:
    """The salt and the hash."""
    salt = secrets.token_bytes(_SALT_BYTES)
    return salt + _scrypt(password, salt)


def is_right(password: str, kept: bytes | None) -> bool:
    """Whether it is the one; for nobody's it takes as long to say no."""
    known = kept or bytes(_SALT_BYTES + 64)
    salt, digest = known[:_SALT_BYTES], known[_SALT_BYTES:]
    return secrets.compare_digest(_scrypt(password, salt), digest)


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)
