"""Finished pictures: PNG metadata, thumbnails, checksums."""

import io
from typing import Any

import pytest
from PIL import Image

from gpu_workers.runtime.media import images
from gpu_workers.runtime.provenance import xmp
from shared.contracts.worker_protocol import GenerationParams

PARAMS = GenerationParams(
    prompt="ein Käfer, 夜",
    negative_prompt="blurry",
    steps=15,
    guidance_scale=6.0,
    seed=1,
)


def settings(**changed: str) -> dict[str, Any]:
    params = PARAMS.model_copy(update=changed)
    return images.generation_settings(params, model="base", sampler="Euler", seed=7, size=(64, 48))


def opened(content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(content))
    image.load()
    return image


def test_png_carries_the_settings_as_image_tools_write_them() -> None:
    image = opened(images.png(Image.new("RGB", (64, 48)), settings()))
    assert image.info["parameters"] == (
        "ein Käfer, 夜\n"
        "Negative prompt: blurry\n"
        "Steps: 15, Sampler: Euler, CFG scale: 6.0, Seed: 7, Size: 64x48, Model: base, "
        "Version: ourvidz"
    )


def test_png_says_that_a_trained_model_made_it() -> None:
    image = opened(images.png(Image.new("RGB", (1, 1)), settings()))
    packet = image.info["xmp"].decode()
    assert f'Iptc4xmpExt:DigitalSourceType="{xmp.SOURCE_TYPE}"' in packet
    assert 'xmp:CreatorTool="OurVidz"' in packet


def test_png_keeps_every_pixel() -> None:
    drawn = Image.effect_noise((64, 48), 80).convert("RGB")
    assert opened(images.png(drawn, settings())).tobytes() == drawn.tobytes()


def test_parameters_text_leaves_out_an_empty_negative_prompt() -> None:
    assert "Negative prompt" not in images.parameters_text(settings(negative_prompt=""))


def test_parameters_text_quotes_a_value_that_holds_a_separator() -> None:
    text = images.parameters_text({**settings(), "model": "mine, at: home"})
    assert 'Model: "mine, at: home"' in text


@pytest.mark.parametrize(
    ("size", "expected"), [((1024, 512), (256, 128)), ((48, 480), (26, 256)), ((8, 4), (8, 4))]
)
def test_thumbnail_is_webp_of_at_most_256_pixels(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    small = opened(images.thumbnail(Image.new("RGBA", size)))
    assert (small.format, small.size) == ("WEBP", expected)


def test_thumbnail_leaves_the_picture_as_it_was() -> None:
    picture = Image.new("RGB", (512, 512))
    images.thumbnail(picture)
    assert picture.size == (512, 512)


def test_crc32c_is_written_as_cloud_storage_writes_it() -> None:
    # The check value of CRC-32C over "123456789" is 0xE3069283.
    assert images.crc32c(b"123456789") == "4waSgw=="
