"""User pictures: which are re-encoded, which data is removed, and which are refused."""

import io
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageChops, ImageCms

from shared.errors import InvalidRequestError
from shared.storage.images.decoder import redraw

ROOT = Path(__file__).parents[2]
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HTML = b"<!doctype html><script>alert(1)</script>"
ORIENTATION = 0x0112
COMMENT = 0x9286


def encoded(picture: Image.Image, file_format: str = "PNG", **more: Any) -> bytes:  # noqa: ANN401 - Pillow's own
    target = io.BytesIO()
    picture.save(target, file_format, **more)
    return target.getvalue()


def drawn(content: bytes) -> Image.Image:
    result = Image.open(io.BytesIO(redraw(content)))
    assert (result.format, result.mode) == ("PNG", "RGB")
    return result


def header_of(width: int, height: int) -> bytes:
    """Return a PNG that declares this size and has almost no data."""
    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            chunk(b"IDAT", zlib.compress(bytes(100))),
            chunk(b"IEND", b""),
        ]
    )


def chunk(name: bytes, content: bytes) -> bytes:
    check = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", check)


def archive() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        packed.writestr("a.html", HTML)
    return target.getvalue()


RED = Image.new("RGB", (40, 30), "red")
PNG = encoded(RED)
JPEG = encoded(RED, "JPEG")
WEBP = encoded(RED, "WEBP")


@pytest.mark.parametrize("content", [PNG, JPEG, WEBP], ids=["png", "jpeg", "webp"])
def test_a_picture_is_re_encoded(content: bytes) -> None:
    result = drawn(content)
    assert result.size == (40, 30)
    difference = ImageChops.difference(result, RED).tobytes()
    assert max(difference) < 15


@pytest.mark.parametrize("mode", ["1", "L", "P", "CMYK", "I;16", "RGBA", "LA"])
def test_every_mode_becomes_rgb(mode: str) -> None:
    drawn(encoded(Image.new(mode, (8, 8)), "JPEG" if mode == "CMYK" else "PNG"))


def test_sixteen_bits_are_scaled_and_not_cut_off() -> None:
    grey = drawn(encoded(Image.new("I;16", (8, 8), 32768)))
    assert grey.getpixel((4, 4)) == (128, 128, 128)


def test_what_is_transparent_becomes_white() -> None:
    half = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    half.paste((0, 0, 255, 255), (0, 0, 4, 8))
    for content in (encoded(half), encoded(half, "WEBP", lossless=True)):
        result = drawn(content)
        assert result.getpixel((6, 4)) == (255, 255, 255)
        assert result.getpixel((2, 4)) == (0, 0, 255)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
def test_orientation_is_applied_and_all_metadata_is_dropped(file_format: str) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6  # rotated by 90 degrees
    exif[COMMENT] = "52.5200 N, 13.4050 E"
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = encoded(RED, file_format, exif=exif, icc_profile=profile)
    assert b"52.5200" in content
    redrawn = redraw(content)
    result = Image.open(io.BytesIO(redrawn))
    assert result.size == (30, 40)
    assert not result.getexif()
    assert result.info == {}
    assert [redrawn.count(name) for name in (b"52.5", b"iCCP", b"eXIf", b"tEXt")] == [0] * 4


@pytest.mark.parametrize("file_format", ["PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_taken(file_format: str) -> None:
    frames = [Image.new("RGB", (8, 8), "blue"), Image.new("RGB", (8, 8), "red")]
    content = encoded(
        frames[0], file_format, save_all=True, append_images=frames[1:], lossless=True
    )
    result = drawn(content)
    assert result.getpixel((4, 4)) == (0, 0, 255)
    assert getattr(result, "n_frames", 1) == 1


def test_a_large_picture_is_kept_no_larger_than_it_is_of_use() -> None:
    for content in (encoded(Image.new("RGB", (5000, 100))), encoded(Image.new("L", (5000, 100)))):
        assert (drawn(content)).size == (2048, 41)


@pytest.mark.parametrize("size", [(100, 1000), (3001, 999), (5003, 1501)])
def test_a_picture_is_the_same_wherever_its_strips_meet(size: tuple[int, int]) -> None:
    slope = Image.radial_gradient("L").resize(size)
    expected = slope.convert("RGB")
    expected.thumbnail((2048, 2048))
    result = drawn(encoded(slope))
    assert result.size == expected.size
    assert max(ImageChops.difference(result, expected).tobytes()) <= 4


@pytest.mark.parametrize("before", [PNG, JPEG, WEBP], ids=["png", "jpeg", "webp"])
@pytest.mark.parametrize("after", [HTML, archive()], ids=["html", "zip"])
def test_of_a_polyglot_that_is_a_picture_only_the_picture_is_left(
    before: bytes, after: bytes
) -> None:
    redrawn = redraw(before + after)
    assert b"script" not in redrawn
    assert not zipfile.is_zipfile(io.BytesIO(redrawn))


def test_text_inside_of_a_picture_is_left_behind() -> None:
    commented = encoded(RED, "JPEG", comment=HTML)
    text = chunk(b"tEXt", b"parameters\0" + HTML)
    for content in (commented, PNG[:33] + text + PNG[33:]):
        assert b"script" in content
        assert b"script" not in redraw(content)


@pytest.mark.parametrize(
    "content",
    {
        "nothing": b"",
        "text": b"not a picture",
        "svg": SVG,
        "html": HTML,
        "html before a png": HTML + PNG,
        "pdf before a jpeg": b"%PDF-1.7\n" + JPEG,
        "zip before a png": archive() + PNG,
        "gif": encoded(RED, "GIF"),
        "bmp": encoded(RED, "BMP"),
        "tiff": encoded(RED, "TIFF"),
        "ico": encoded(RED, "ICO"),
        "ppm": encoded(RED, "PPM"),
        "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "mp4": b"\x00\x00\x00\x18ftypmp42" + bytes(100),
        "a png's head": PNG[:20],
        "half a png": PNG[:-30],
        "half a jpeg": JPEG[: len(JPEG) // 2],
        "half a webp": WEBP[: len(WEBP) // 2],
        "a png with a bit turned": PNG[:45] + bytes([PNG[45] ^ 1]) + PNG[46:],
        "a png of no width": header_of(0, 10),
        "a webp's head": b"RIFF\x00\x00\x00\x00WEBPVP8 ",
    }.items(),
    ids=lambda item: str(item[0]),
)
def test_what_is_no_whole_picture_is_refused(content: tuple[str, bytes]) -> None:
    with pytest.raises(
        InvalidRequestError, match=r"^The file is not a complete PNG, JPEG or WebP image.$"
    ):
        redraw(content[1])


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # our limit is first
@pytest.mark.parametrize("side", [6400, 10_000, 20_000, 2**31 - 1])
def test_over_40_megapixels_is_refused_before_it_is_decoded(
    side: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image.Image, "load", None)  # decoding would fail in another way
    with pytest.raises(InvalidRequestError, match="more than 40 megapixels"):
        redraw(header_of(side, side))


def test_a_bomb_of_text_in_a_picture_is_left_packed() -> None:
    text = zlib.compress(bytes(200_000_000), 9)
    for kind in (b"zTXt", b"iCCP"):
        bomb = chunk(kind, b"parameters\0\0" + text)
        assert redraw(PNG[:33] + bomb + PNG[33:]) == redraw(PNG)


def test_a_job_without_a_reference_costs_no_pillow_and_no_guard() -> None:
    program = (
        "import sys, functions.queue_job.main\n"
        "image = 'shared.storage.images.sanitizer'\n"
        "assert not {'PIL', 'httpcore', 'shared.clients.safe_fetch', image} & sys.modules.keys()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
