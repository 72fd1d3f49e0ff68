"""Reads a client's address from the header that trusted proxies set."""

import ipaddress
from collections.abc import Iterable

_HEADER = b"x-forwarded-for"
_PREFIX_BITS = 64
"""Of an IPv6 address: a subscriber is assigned a network of that length (RFC 6177)."""


def read_address(headers: Iterable[tuple[bytes, bytes]], trusted_entries: int) -> str | None:
    """Return the address of the client of the first trusted proxy.

    Each proxy adds to the end of ``X-Forwarded-For``; what stands before the trusted entries was
    sent by the client and means nothing.

    Args:
        headers: of the request, with lower-case names.
        trusted_entries: how many entries the trusted proxies add; the first of these is the client.

    Returns:
        The address, or of an IPv6 address its network; None where no proxy is trusted, or the
        header has fewer entries or no address in that place.
    """
    if not trusted_entries:
        return None
    header = b",".join(value for name, value in headers if name == _HEADER)
    entries = header.rsplit(b",", trusted_entries)[-trusted_entries:]
    if len(entries) < trusted_entries:
        return None
    try:
        address = ipaddress.ip_address(entries[0].strip().decode("latin-1"))
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(address), _PREFIX_BITS), strict=False))
        address = address.ipv4_mapped
    return str(address)
