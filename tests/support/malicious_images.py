"""Small image files that are expensive to decode, by the cause."""

import io
import struct
import zlib
from typing import Any

from PIL import Image

_SIDE = 64
_MIB = 2**20


def encode(picture: Image.Image, file_format: str, **options: Any) -> bytes:  # noqa: ANN401 - Pillow's own
    """Encode a picture in a file format."""
    target = io.BytesIO()
    picture.save(target, file_format, **options)
    return target.getvalue()


def flat(width: int = _SIDE, height: int = _SIDE, mode: str = "RGB") -> Image.Image:
    """Return a picture of one colour."""
    return Image.new(mode, (width, height))


def chunk(kind: bytes, content: bytes) -> bytes:
    """Return a chunk of a PNG."""
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)


def png(
    width: int,
    height: int,
    *,
    bits: int = 8,
    colour_type: int = 2,
    is_interlaced: bool = False,
    before: bytes = b"",
    data: bytes | None = None,
) -> bytes:
    """Return a black PNG with chunks ``before`` its data; ``data`` replaces its IDAT chunks."""
    channels = {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, is_interlaced)
    if data is None:
        row = 1 + (width * channels * bits + 7) // 8
        # Interlaced, each of the seven passes has separate rows.
        data = chunk(b"IDAT", zlib.compress(bytes(row * height * (1 + is_interlaced)), 1))
    parts = [chunk(b"IHDR", header), before, data, chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def jpeg_with_scans(side: int, scans: int, part: int = -1) -> bytes:
    """Return a progressive JPEG, one of whose scans is repeated until it has this many."""
    jpeg = encode(flat(side, side), "JPEG", progressive=True)
    starts = [at for at in range(len(jpeg)) if jpeg[at : at + 2] == b"\xff\xda"]
    ends = [*starts[1:], len(jpeg) - 2]
    begin, end = starts[part], ends[part]
    # Tables that precede the next scan belong to it.
    tables = jpeg.find(b"\xff\xc4", begin, end)
    scan = jpeg[begin : tables if tables > 0 else end]
    return jpeg[:-2] + scan * (scans - len(starts)) + b"\xff\xd9"


def jpeg_with_segments(segment: bytes, count: int) -> bytes:
    """Return a small JPEG with a segment repeated at its beginning."""
    jpeg = encode(flat(), "JPEG")
    return jpeg[:2] + segment * count + jpeg[2:]


def segment(marker: int, content: bytes) -> bytes:
    """Return a segment of a JPEG."""
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content


def webp_with_chunks(kind: bytes, content: bytes, count: int) -> bytes:
    """Return a small WebP in the extended format, followed by a chunk that is repeated."""
    webp = encode(flat(), "WEBP", exif=_exif(1))
    padded = content + bytes(len(content) % 2)
    body = webp[12:] + (kind + struct.pack("<I", len(content)) + padded) * count
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


def _exif(tags: int) -> bytes:
    entries = b"".join(struct.pack(">HHII", tag, 4, 1, 0) for tag in range(tags))
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", tags) + entries + bytes(4)


def _looped_exif() -> bytes:
    entry = struct.pack(">HHII", 0x8769, 4, 1, 8)
    return b"MM\0*\0\0\0\x08" + struct.pack(">H", 1) + entry + struct.pack(">I", 8)


def arithmetic_jpeg() -> bytes:
    """Return a JPEG whose header declares arithmetic coding, which needs no bits for zeros."""
    jpeg = bytearray(encode(flat(1024, 1024), "JPEG"))
    jpeg[jpeg.index(b"\xff\xc0") + 1] = 0xC9
    return bytes(jpeg)


def too_complex() -> list[tuple[str, bytes]]:
    """Return the files that exceed a limit of ``picture_structure`` or ``picture_decoder``."""
    table = segment(0xC4, b"\x00\x01" + bytes(16))
    tiny = b"".join(chunk(b"IDAT", bytes([one])) for one in zlib.compress(bytes(193 * 64), 0))
    return [
        *(
            (
                f"a JPEG of {side}x{side} pixels and {scans} scans",
                jpeg_with_scans(side, scans, part),
            )
            for side, scans in ((16, 101), (600, 9000), (4000, 80), (6300, 21))
            for part in (0, 1, -1)
        ),
        ("a JPEG of 400,000 Huffman tables", jpeg_with_segments(table, 400_000)),
        (
            "a JPEG of 100,000 quantization tables",
            jpeg_with_segments(segment(0xDB, b"\0" + b"\1" * 64), 100_000),
        ),
        ("a JPEG of 2,000,000 comments", jpeg_with_segments(segment(0xFE, b""), 2_000_000)),
        (
            "a JPEG of 800,000 Exif segments",
            jpeg_with_segments(segment(0xE1, b"Exif\0\0xx"), 800_000),
        ),
        (
            "a JPEG of 400,000 profiles",
            jpeg_with_segments(segment(0xE2, b"ICC_PROFILE\0\1\1xx"), 400_000),
        ),
        ("a JPEG of 700,000 indexes", jpeg_with_segments(segment(0xE2, b"MPF\0xxxx"), 700_000)),
        ("a JPEG of 1,000,000 intervals", jpeg_with_segments(segment(0xDD, b"\0\1"), 1_000_000)),
        ("a JPEG of 60,000x1 pixels", encode(flat(60_000, 1), "JPEG")),
        ("a JPEG of 600x60,000 pixels", encode(flat(600, 60_000), "JPEG")),
        ("a PNG of 1x40,000,000 pixels", png(1, 40_000_000, colour_type=0)),
        ("a PNG of 40,000,000x1 pixels", png(40_000_000, 1, colour_type=0)),
        ("a PNG of 5,000x5,000 pixels of 64 bits", png(5000, 5000, bits=16, colour_type=6)),
        ("a PNG of 12,000 tiny IDAT chunks", png(64, 64, data=tiny)),
        ("a PNG of 800,000 empty IDAT chunks", png(64, 64, data=chunk(b"IDAT", b"") * 800_000)),
        ("a PNG of 600,000 texts", png(64, 64, before=chunk(b"tEXt", b"x\0y") * 600_000)),
        (
            "a PNG of 200,000 frames",
            png(64, 64, before=chunk(b"fcTL", struct.pack(">26x")) * 200_000),
        ),
        ("a WebP of 900,000 chunks", webp_with_chunks(b"XMP ", b"xx", 900_000)),
        ("a WebP of 300,000 frames", webp_with_chunks(b"ANMF", bytes(16), 300_000)),
    ]


def left_out() -> list[tuple[str, bytes]]:
    """Return files with expensive parts that no decoder reads; their pixels are ordinary."""
    bomb = chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(_MIB), 9))
    text = chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(_MIB), 9))
    small = encode(flat(), "JPEG")
    return [
        ("a PNG of 8,000 profiles of 1 MiB", png(64, 64, before=bomb * 8000)),
        ("a PNG of 8,000 texts of 1 MiB", png(64, 64, before=text * 8000)),
        ("a PNG of 65,535 tags", png(64, 64, before=chunk(b"eXIf", _exif(65_535)))),
        (
            "a PNG of tags that refer to themselves",
            png(64, 64, before=chunk(b"eXIf", _looped_exif())),
        ),
        ("a JPEG of 9,000,000 fill bytes", small[:2] + b"\xff" * 9_000_000 + small[2:]),
        (
            "a JPEG of 9,900 Exif segments",
            jpeg_with_segments(segment(0xE1, b"Exif\0\0" + _exif(80)), 9900),
        ),
        ("a JPEG with a film after its end", small + bytes(range(256)) * 30_000),
        ("a WebP of ten lists of 65,535 tags", webp_with_chunks(b"EXIF", _exif(65_535), 10)),
    ]


def expensive() -> list[tuple[str, bytes]]:
    """Return files at the limits, which are decoded."""
    return [
        ("a JPEG of 39 megapixels and 20 scans", jpeg_with_scans(6300, 20)),
        ("a JPEG of 39 megapixels and 20 first scans", jpeg_with_scans(6300, 20, 0)),
        ("a JPEG of 100 scans", jpeg_with_scans(2800, 100)),
        (
            "a JPEG with a restart marker after each block",
            encode(flat(6300, 6300), "JPEG", restart_marker_blocks=1),
        ),
        (
            "a progressive CMYK of 39 megapixels",
            encode(flat(6300, 6300, "CMYK"), "JPEG", progressive=True),
        ),
        ("an interlaced PNG of 39 megapixels", png(6300, 6300, is_interlaced=True)),
        ("a PNG of 20 megapixels of 64 bits", png(4450, 4450, bits=16, colour_type=6)),
        ("a PNG of 20,000 pixels a side", png(2000, 20_000)),
        (
            "a lossless WebP of 39 megapixels",
            encode(flat(6300, 6300, "RGBA"), "WEBP", lossless=True, method=0),
        ),
        ("a WebP of 39 megapixels", encode(flat(6300, 6300, "RGBA"), "WEBP", method=0)),
    ]
