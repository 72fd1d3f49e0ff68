"""Which hosts are public: reachable by everybody, and inside of nothing."""

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
        "168.63.129.16/32",  # public in form, and the inside of another cloud
        *("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20"),
    )
]
"""IANA's special-purpose registries, whatever this Python's own list says."""

_GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
"""Every other IPv6 address is refused. Outside lie those that carry an IPv4 address (mapped,
compatible, NAT64), but 6to4 and Teredo, which are listed above."""


_HOST = re.compile(
    r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])"
)
"""A name with a dot, whose last part begins with a letter: no number, in any base, is one."""


def is_host(name: str) -> bool:
    """Whether it can be a public host's name, in small letters."""
    return _HOST.fullmatch(name) is not None


def is_public(address: Address) -> bool:
    """Whether an address is everybody's to reach, and nobody's inside."""
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    is_inside = not address.is_global or address.is_multicast
    return not (is_inside or any(address in network for network in _NOT_PUBLIC))


async def resolve(host: str) -> list[Address]:
    """What the system's resolver answers. Raises OSError for a host that is not known."""
    found = await asyncio.get_running_loop().getaddrinfo(host, PORT, type=socket.SOCK_STREAM)
    return [ipaddress.ip_address(address[4][0]) for address in found]


async def public_addresses(host: str, resolver: Resolver = resolve) -> list[Address]:
    """Every address of the host, where each of them is public.

    Raises:
        InvalidError: where one is not, or the host is not known; the two are never told apart.
    """
    try:
        addresses = list(await resolver(host))
    except (OSError, ValueError):
        addresses = []
    if not addresses or not all(map(is_public, addresses)):
        raise blocked_address_error("its host is not a public one")
    return addresses


def blocked_address_error(why: str) -> InvalidRequestError:
    """The answer to whoever gave the address."""
    return InvalidRequestError(f"This address is refused: {why}.")
