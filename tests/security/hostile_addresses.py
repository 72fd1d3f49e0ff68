"""URLs that must not be fetched, and internal addresses to which a host name may resolve."""

import ipaddress
from collections.abc import Iterator
from random import Random

_ODD = [
    "",
    "http://pictures.example/a.png",
    "ftp://pictures.example/a.png",
    "file:///etc/passwd",
    "gopher://pictures.example/_x",
    "data:image/png;base64,AAAA",
    "https:///a.png",
    "https://",
    "https:pictures.example",
    "//pictures.example/a.png",
    "https://localhost/",
    "https://metadata/computeMetadata/v1/",
    "https://127.0.0.1/",
    "https://127.1/",
    "https://2130706433/",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0x7f.0x0.0x0.0x1/",
    "https://0177.0.0.1/",
    "https://169.254.169.254/latest/meta-data/",
    "https://8.8.8.8/",
    "https://[::1]/",
    "https://[::ffff:169.254.169.254]/",
    "https://[fd00:ec2::254]/",
    "https://[fe80::1%25eth0]/",
    "https://user@pictures.example/",
    "https://user:password@pictures.example/",
    "https://pictures.example@127.0.0.1/",
    "https://pictures.example\\@127.0.0.1/",
    "https://pictures.example\\.inside.example/",
    "https://pictures.example:80/",
    "https://pictures.example:8443/",
    "https://pictures.example:22/",
    "https://pictures.example:99999/",
    "https://pictures.example:/",
    "https://pictures.example:0443/",
    "https://pictures.example/a b.png",
    "https://pictures.example/a\r\nhost: inside",
    "https://pictures.example/\x00",
    "https://pictures.example/\u00e9.png",
    "https://p\u0131ctures.example/",
    "https://pictures\u3002example/",
    "https://\uff11\uff12\uff17.0.0.1/",
    "https://pictures%2eexample/",
    "https://127.0.0.1%2f.pictures.example/",
    "https://.pictures.example/",
    "https://pictures..example/",
    "https://pictures.example./",
    "https://-pictures.example/",
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
    "https://pictures.example/" + "a" * 5000,
    " https://pictures.example/",
    "https://pictures.example/\n",
]
"""Refused before any host name is resolved."""

INSIDE = [
    "0.0.0.0",  # noqa: S104 - hostile, and refused
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::ffff:8.8.8.8",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "100::1",
    "2001::1",
    "2001:0:7f00:1::1",
    "2001:10::1",
    "2001:20::1",
    "2001:db8::1",
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "ff0e::1",
]
"""Internal addresses to which an external host name may resolve."""

_INNER = [
    *("127.0.0.1", "10.0.0.1", "192.168.1.1", "172.16.0.1", "169.254.169.254", "100.64.0.1"),
    *("0.0.0.0", "198.18.0.1", "224.0.0.1", "255.255.255.255"),  # noqa: S104 - hostile, and refused
]
"""Addresses that are written in every form."""


def spelt() -> list[str]:
    """Return every URL that is refused before its host name is resolved."""
    hosts = [host for inner in _INNER for host in _forms(inner)]
    return list(dict.fromkeys([*_ODD, *(f"https://{host}/picture" for host in hosts)]))


def _forms(inner: str) -> Iterator[str]:
    """Yield an IPv4 address in decimal, octal and hexadecimal, short, mixed, and within IPv6."""
    address = ipaddress.IPv4Address(inner)
    number, octets = int(address), list(address.packed)
    yield from (
        inner,
        f"{number}",
        f"0x{number:x}",
        f"0{number:o}",
        f"{inner}.",
        f"{number + 2**32}",
    )
    yield ".".join(f"0{octet:o}" for octet in octets)
    yield ".".join(f"{octet:#x}" for octet in octets)
    yield ".".join(f"{octet:03d}" for octet in octets)
    yield f"{octets[0]}.{number % 2**24}"
    yield f"{octets[0]}.{octets[1]}.{number % 2**16}"
    yield f"{octets[0]:#x}.{octets[1]}.0{octets[2]:o}.{octets[3]}"
    yield "".join(chr(0xFF10 + int(one)) if one.isdigit() else one for one in inner)
    yield inner.replace(".", "\u3002")
    yield inner.replace(".", "%2e")
    for form in ("::ffff:{}", "::{}", "64:ff9b::{}", "::ffff:0:{}", "2002:{}::", "fe80::1%25{}"):
        as_hex = f"{number >> 16:x}:{number & 0xFFFF:x}"
        yield f"[{form.format(as_hex if form.startswith('2002') else inner)}]"


def pointing(chance: Random, count: int) -> list[str]:
    """Return ``count`` internal addresses: a fixed list, then random ones of internal networks."""
    made = list(INSIDE)
    while len(made) < count:
        network = ipaddress.ip_network(chance.choice(_NETWORKS))
        place = chance.randrange(network.num_addresses)
        made.append(str(network[place]))
    return made


_NETWORKS = [
    *("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12"),
    *("192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4", "0.0.0.0/8"),
    *("fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8", "::ffff:0:0/96", "64:ff9b::/96"),
    *("2002::/16", "2001::/32", "2001:db8::/32", "100::/64", "3fff::/20", "::/8", "4000::/3"),
]
