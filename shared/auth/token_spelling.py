"""How a token is written. Each has one spelling here, where the decoder would take several."""

import base64
import re

_MAX_CHARACTERS = 16_384
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.([A-Za-z0-9_-]+)")


def is_canonical(token: str) -> bool:
    """Whether it is three parts in base64url, the last in its one spelling.

    Decoders skip what is no base64url, padding, and the bits of a last letter that mean nothing:
    a token altered so would still open. Of the first two parts the seal itself takes care.
    """
    match = _TOKEN.fullmatch(token) if len(token) <= _MAX_CHARACTERS else None
    if not match:
        return False
    seal = match[1].encode()
    try:
        raw = base64.urlsafe_b64decode(seal + b"=" * (-len(seal) % 4))
    except ValueError:
        return False
    return base64.urlsafe_b64encode(raw).rstrip(b"=") == seal
