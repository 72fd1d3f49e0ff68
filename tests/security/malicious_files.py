"""Malicious media files: polyglots, wrong types, truncated files and bombs, generated at random."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from random import Random
from typing import Any, NamedTuple

from PIL import Image

MARK = b"<script>alert(1)</script>"
"""Marks hidden content; no picture that was re-encoded contains it."""

HTML = b"<!doctype html>" + MARK
SVG = b'<svg xmlns="http://www.w3.org/2000/svg">' + MARK + b"</svg>"
_OTHERS = [
    *(HTML, SVG, b"<?php system('id'); ?>" + MARK, b"%PDF-1.7\n" + MARK, b"MZ" + bytes(60) + MARK),
    *(b"\x7fELF" + bytes(60) + MARK, b"#!/bin/sh\n" + MARK, b"GIF89a" + MARK, b"alert(1)//" + MARK),
    *(b"BM" + bytes(50) + MARK, b"8BPS" + MARK, b"II*\x00" + MARK, b"\x00\x00\x01\x00" + MARK),
    *(b"RIFF\xff\xff\xff\xffWEBP" + MARK, b"\x00\x00\x00\x18ftypmp42" + MARK, b"{}" + MARK),
    *(b"%!PS-Adobe-3.0 EPSF-3.0\n" + MARK, b"\x8aMNG\r\n\x1a\n" + MARK, b"P6 9 9 255 " + MARK, b""),
]
TYPES = [
    *("image/png", "image/jpeg", "image/webp", "text/html", "image/svg+xml", "application/json"),
    *("video/mp4", "image/png; charset=utf-7", "text/html;image/png", "application/xhtml+xml"),
    *("application/octet-stream", "IMAGE/PNG", "image/*", "multipart/form-data", "x"),
]
NAMES = ["a.png", "a.html", "a.svg", "a.php.png", "a.png.html", "a", "a.js", ".htaccess", "a.mp4"]


class Medium(NamedTuple):
    """An upload: its content, and the type and path it claims to have."""

    name: str
    content: bytes
    content_type: str
    path: str


def make(chance: Random, count: int) -> Iterator[Medium]:
    """Yield ``count`` files, of each kind in turn."""
    ways = list(_WAYS.items())
    for number in range(count):
        name, way = ways[number % len(ways)]
        path = f"{number}/{chance.choice(NAMES)}"
        yield Medium(name, way(chance), chance.choice(TYPES), path)


def picture(chance: Random, kind: str | None = None, **more: Any) -> bytes:  # noqa: ANN401 - Pillow's own
    """Return a small valid picture."""
    kind = kind or chance.choice(["PNG", "JPEG", "WEBP"])
    drawn = Image.new(
        "RGB", (chance.randint(8, 64), chance.randint(8, 64)), f"#{chance.getrandbits(24):06x}"
    )
    target = io.BytesIO()
    drawn.save(target, kind, **more)
    return target.getvalue()


def chunk(name: bytes, content: bytes) -> bytes:
    """Return one chunk of a PNG."""
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def archive() -> bytes:
    """Return a zip with an HTML page."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("a.html", HTML)
    return target.getvalue()


def _followed(chance: Random) -> bytes:
    return picture(chance) + chance.choice([*_OTHERS, archive()])


def _led(chance: Random) -> bytes:
    return chance.choice(_OTHERS) + picture(chance)


def _inside_png(chance: Random) -> bytes:
    name = chance.choice([b"tEXt", b"iTXt", b"zTXt", b"eXIf", b"iCCP", b"sCRP", b"caBX", b"PLTE"])
    content = {
        b"tEXt": b"parameters\0" + MARK,
        b"iTXt": b"XML:com.adobe.xmp\0\0\0\0\0" + MARK,
        b"zTXt": b"x\0\0" + zlib.compress(MARK),
        b"iCCP": b"x\0\0" + zlib.compress(MARK),
    }.get(name, MARK)
    image = picture(chance, "PNG")
    place = chance.choice([33, len(image) - 12])
    return image[:place] + chunk(name, content) + image[place:]


def _inside_jpeg(chance: Random) -> bytes:
    kind = chance.choice(["JPEG", "WEBP", "PNG"])
    exif = Image.Exif()
    exif[0x010E] = MARK.decode()
    ways: list[dict[str, Any]] = [{"exif": exif}, {"xmp": MARK}, {"comment": MARK, "exif": exif}]
    more = chance.choice(ways)
    return picture(chance, kind, **({"exif": exif} if kind == "PNG" else more))


def _cut(chance: Random) -> bytes:
    image = picture(chance)
    return image[: chance.randrange(1, len(image))]


def _broken(chance: Random) -> bytes:
    image = bytearray(picture(chance))
    for _ in range(chance.randint(1, 20)):
        image[chance.randrange(len(image))] = chance.randrange(256)
    return bytes(image)


def _another(chance: Random) -> bytes:
    """Return a file of a type that is not accepted, whatever its name."""
    kinds = ["GIF", "BMP", "TIFF", "ICO", "PPM", "TGA", "PCX", "PDF", "EPS", "IM", "SGI", "DDS"]
    return chance.choice([picture(chance, chance.choice(kinds)), chance.choice(_OTHERS), archive()])


def _renamed(chance: Random) -> bytes:
    """Return the header of one type followed by the body of another."""
    heads = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"GIF89a"]
    return chance.choice(heads) + chance.choice([picture(chance)[12:], *_OTHERS])


def _noise(chance: Random) -> bytes:
    return chance.choice([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]) + chance.randbytes(
        chance.randint(0, 4000)
    )


def bombs(chance: Random) -> list[tuple[str, bytes]]:
    """Return small files that are very large, or slow, to decode."""
    flat = zlib.compress(bytes(20_000_000), 1)
    small = picture(chance, "PNG")
    text = zlib.compress(b"x" * 50_000_000, 1)
    found = [
        (f"a PNG of {width} x {height}", png_header(width, height, flat))
        for width, height in [
            *((6325, 6325), (50_000, 50_000), (2**31 - 1, 1), (1, 2**31 - 1), (2**31, 2**31)),
            *((65_535, 65_535), (40_000_001, 1), (0, 0), (0, 10), (8000, 5001), (2**16, 2**15)),
        ]
    ]
    for name in (b"zTXt", b"iCCP", b"iTXt"):
        head = b"x\0\1\0\0\0" if name == b"iTXt" else b"x\0\0"
        for times in (1, 4):
            packed = small[:33] + chunk(name, head + text) * times + small[33:]
            found.append((f"{times} {name.decode()} that unpack", packed))
    for side in (65_500, 40_000, 6400):
        jpeg = bytearray(picture(chance, "JPEG"))
        place = jpeg.index(b"\xff\xc0") + 5
        jpeg[place : place + 4] = struct.pack(">HH", side, side)
        found.append((f"a JPEG of {side} x {side}", bytes(jpeg)))
    found.append(("a WebP of 16383 x 16383", _webp_header(16_383)))
    found.append(("many frames", _frames(2000)))
    found.append(("a million chunks", small[:33] + chunk(b"tEXt", b"x\0y") * 200_000 + small[33:]))
    return found


def png_header(width: int, height: int, packed: bytes) -> bytes:
    """Return a PNG that declares this size."""
    size = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", size), chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _webp_header(side: int) -> bytes:
    extended = struct.pack("<I", 0) + struct.pack("<I", side - 1)[:3] * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + extended
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _frames(count: int) -> bytes:
    size = struct.pack(">IIBBBBB", 16, 16, 8, 2, 0, 0, 0)
    packed = zlib.compress(bytes(16 * 49))
    frames = [chunk(b"acTL", struct.pack(">II", count, 0))]
    for number in range(count):
        control = struct.pack(">IIIIIHHBB", 2 * number, 16, 16, 0, 0, 1, 1, 0, 0)
        frames += [chunk(b"fcTL", control), chunk(b"fdAT", struct.pack(">I", number) + packed)]
    parts = [chunk(b"IHDR", size), *frames, chunk(b"IDAT", packed), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


_WAYS: dict[str, Callable[[Random], bytes]] = {
    "followed by another file": _followed,
    "led by another file": _led,
    "with a hidden chunk": _inside_png,
    "with hidden metadata": _inside_jpeg,
    "cut off": _cut,
    "broken": _broken,
    "of another kind": _another,
    "one kind's head on another's body": _renamed,
    "noise": _noise,
    "an honest one": picture,
}
