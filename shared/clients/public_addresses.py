"""Resolve hosts and accept only public IP addresses (SSRF protection)."""

import asyncio
import ipaddress
import re
import socket
from collections.abc import Awaitable, Callable, Sequence

from shared.errors import InvalidRequestError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str], Awaitable[Sequence[Address]]]

PORT = 443

_NOT_PUBLIC = [
    ipaddress.ip_network(network)
    for network in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16"),
        *("172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16"),
        *("198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3"),
        "168.63.129.16/32",  # public in form, but internal to another cloud
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
"""IANA's special-purpose registries, independent of the list in this Python version."""

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""All other IPv6 addresses are refused, including those that embed an IPv4 address (mapped,
compatible, NAT64). 6to4 and Teredo are inside this range and listed above."""

_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
"""A name with a dot, whose last part begins with a-z, so that no number in any base matches."""


def is_host(name: str) -> bool:
    """Return whether a lowercase name can be that of a public host."""
    return _HOST.fullmatch(name) is not None


def is_public(address: Address) -> bool:
    """Return whether an address is globally reachable and not internal to any network."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    is_inside = not address.is_global or address.is_multicast
    return not (is_inside or any(address in network for network in _NOT_PUBLIC))


async def resolve(host: str) -> list[Address]:
    """Resolve a host with the system's resolver.

    Raises:
        OSError: The host is unknown.
    """
    results = await asyncio.get_running_loop().getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(result[4][0]) for result in results]


async def public_addresses(host: str, resolver: Resolver = resolve) -> list[Address]:
    """Return the addresses of a host, all of which are public.

    Raises:
        InvalidRequestError: An address is not public, or the host is unknown. The message does not
            distinguish the two.
    """
    try:
        addresses = list(await resolver(host))
    except (OSError, ValueError):
        addresses = []
    if not addresses or not all(map(is_public, addresses)):
        raise blocked_address_error("its host is not public")
    return addresses


def blocked_address_error(why: str) -> InvalidRequestError:
    """Return the error for the client that sent the URL."""
    return InvalidRequestError(f"This URL is not allowed: {why}.")
