"""Provenance: every file is marked as made by a model, and its signature survives stripping."""

import io
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from gpu_workers.runtime.media import images, video
from shared.contracts.media_metadata import metadata_parts
from shared.storage.metadata_stripper import MetadataStrippingReader
from tests.support import certificates, provenance_reader
from tests.support.certificates import Chain

MADE_BY_A_MODEL = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
SETTINGS: dict[str, Any] = {
    "prompt": "ein geheimer Käfer",
    "negative_prompt": "",
    "steps": 3,
    "sampler": "Euler",
    "guidance_scale": 6.0,
    "seed": 918273,
    "width": 64,
    "height": 48,
    "model": "base",
}
SECRETS = ("geheimer", "918273")
KINDS = ("image/png", "video/mp4")


@pytest.fixture(scope="module")
def chain() -> Chain:
    return certificates.chain()


@pytest.fixture(scope="module")
def signed(chain: Chain, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A file of each kind, made by a worker with a signing key."""
    with provenance_reader.signing(chain, tmp_path_factory.mktemp("signer")):
        return {kind: made(kind) for kind in KINDS}


def made(kind: str) -> bytes:
    if kind == "image/png":
        return images.png(Image.effect_noise((64, 48), 80).convert("RGB"), SETTINGS)
    frames = np.random.default_rng(7).integers(0, 255, (5, 48, 64, 3), np.uint8)
    return video.mp4(frames, fps=16, settings=SETTINGS)


def stripped(content: bytes, kind: str) -> bytes:
    return MetadataStrippingReader(io.BytesIO(content), kind).read()


def says_nothing(content: bytes) -> bool:
    return not any(secret.encode() in content for secret in SECRETS)


def packet(content: bytes, kind: str) -> bytes:
    """Return the file's XMP packet: from Pillow for a picture, from the raw bytes for a clip."""
    if kind == "image/png":
        return bytes(provenance_reader.picture(content).info["xmp"])
    start = content.index(b"<x:xmpmeta")
    return content[start : content.index(b"</x:xmpmeta>", start) + len(b"</x:xmpmeta>")]


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_says_its_source_without_a_key(kind: str) -> None:
    content = made(kind)
    assert provenance_reader.source_type(packet(content, kind)) == MADE_BY_A_MODEL
    assert b"c2pa" not in content


def test_a_thumbnail_says_its_source() -> None:
    small = provenance_reader.picture(images.thumbnail(Image.new("RGB", (64, 48))))
    assert provenance_reader.source_type(small.info["xmp"]) == MADE_BY_A_MODEL


@pytest.mark.parametrize("kind", KINDS)
def test_a_signed_file_is_trusted_by_who_trusts_the_root(
    kind: str, chain: Chain, signed: dict[str, bytes]
) -> None:
    manifest = provenance_reader.manifest(signed[kind], kind, chain)
    assert (manifest.state, manifest.failures) == ("Trusted", [])
    (action,) = manifest.actions
    assert action["action"] == "c2pa.created"
    assert action["digitalSourceType"] == MADE_BY_A_MODEL
    assert provenance_reader.source_type(packet(signed[kind], kind)) == MADE_BY_A_MODEL


@pytest.mark.parametrize("kind", KINDS)
def test_a_stripped_file_keeps_its_signature_and_its_source(
    kind: str, chain: Chain, signed: dict[str, bytes]
) -> None:
    assert not says_nothing(signed[kind])
    bare = stripped(signed[kind], kind)
    assert says_nothing(bare)
    assert len(bare) == len(signed[kind])
    assert provenance_reader.manifest(bare, kind, chain).state == "Trusted"
    assert provenance_reader.source_type(packet(bare, kind)) == MADE_BY_A_MODEL


def test_a_stripped_picture_has_the_same_pixels_and_no_text(signed: dict[str, bytes]) -> None:
    before = provenance_reader.picture(signed["image/png"])
    after = provenance_reader.picture(stripped(signed["image/png"], "image/png"))
    assert after.tobytes() == before.tobytes()
    assert (set(before.info) - set(after.info)) == {"parameters"}


def test_a_stripped_clip_plays_and_has_no_text(signed: dict[str, bytes]) -> None:
    def shown(content: bytes) -> tuple[list[bytes], dict[str, str]]:
        with av.open(io.BytesIO(content), "r") as file:
            frames = [frame.to_ndarray().tobytes() for frame in file.decode(video=0)]
            return frames, dict(file.metadata)

    before, metadata = shown(signed["video/mp4"])
    after, remaining = shown(stripped(signed["video/mp4"], "video/mp4"))
    assert after == before
    assert metadata.keys() - remaining.keys() >= {"title", "comment"}


@pytest.mark.parametrize(
    ("kind", "where"),
    [
        ("image/png", b"IDAT"),
        ("video/mp4", b"mdat"),
        *((kind, b"trainedAlgorithmicMedia") for kind in KINDS),
    ],
)
def test_what_was_changed_after_signing_is_seen(
    kind: str, where: bytes, chain: Chain, signed: dict[str, bytes]
) -> None:
    changed = bytearray(signed[kind])
    changed[changed.rindex(where) + 20] ^= 1
    assert provenance_reader.manifest(bytes(changed), kind, chain).state == "Invalid"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("piece", [1, 7, 4096])
def test_blanking_in_pieces_is_blanking_at_once(
    kind: str, piece: int, signed: dict[str, bytes]
) -> None:
    file = MetadataStrippingReader(io.BytesIO(signed[kind]), kind)
    pieces = b"".join(iter(lambda: file.read(piece), b""))
    assert pieces == stripped(signed[kind], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_that_is_cut_short_is_not_stripped(kind: str, signed: dict[str, bytes]) -> None:
    for length in (0, 4, 20, 60, len(signed[kind]) - 1):
        with pytest.raises(ValueError, match=r"cut short|no PNG|as long as it says"):
            metadata_parts(io.BytesIO(signed[kind][:length] or b"?"), kind)
