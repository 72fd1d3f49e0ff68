"""Writing finished files: PNG with its provenance, thumbnails, checksums."""

import base64
import io
import json
from typing import Any

import google_crc32c
from PIL import Image, WebPImagePlugin  # noqa: F401 - imported late, it would delay the first job
from PIL.PngImagePlugin import PngInfo

from gpu_workers.runtime.provenance import signing, xmp
from shared.contracts.worker_protocol import GenerationParams

THUMBNAIL_SIDE = 256
"""Pixels on the long side, at most."""

_PNG_COMPRESSION = 2
"""Of 1 to 9. At 1024x1024 level 4 saves an eighth of the bytes and takes twice the time."""


def generation_settings(
    parameters: GenerationParams, *, model: str, sampler: str, seed: int, size: tuple[int, int]
) -> dict[str, Any]:
    """What one picture was really made with."""
    return {
        "prompt": parameters.prompt,
        "negative_prompt": parameters.negative_prompt,
        "steps": parameters.steps,
        "sampler": sampler,
        "guidance_scale": parameters.guidance_scale,
        "seed": seed,
        "width": size[0],
        "height": size[1],
        "model": model,
    }


def parameters_text(settings: dict[str, Any]) -> str:
    """The settings as image tools write and read them, under the PNG keyword ``parameters``."""
    fields = {
        "Steps": settings["steps"],
        "Sampler": settings["sampler"],
        "CFG scale": settings["guidance_scale"],
        "Seed": settings["seed"],
        "Size": f"{settings['width']}x{settings['height']}",
        "Model": settings["model"],
        "Version": "ourvidz",
    }
    last = ", ".join(f"{name}: {_quoted(str(value))}" for name, value in fields.items())
    lines = [settings["prompt"], last]
    if settings["negative_prompt"]:
        lines.insert(1, f"Negative prompt: {settings['negative_prompt']}")
    return "\n".join(lines)


def png(image: Image.Image, settings: dict[str, Any]) -> bytes:
    """The picture as a PNG that says how it was made, and that a model made it."""
    info = PngInfo()
    info.add_itxt("parameters", parameters_text(settings))
    info.add_itxt("XML:com.adobe.xmp", xmp.XMP)
    file = io.BytesIO()
    image.save(file, "PNG", pnginfo=info, compress_level=_PNG_COMPRESSION)
    return signing.signed(file.getvalue(), "image/png")


def thumbnail(image: Image.Image) -> bytes:
    """A small WebP that a model made as well; a picture that is small already keeps its size."""
    small = image.convert("RGB")
    small.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    file = io.BytesIO()
    small.save(file, "WEBP", quality=80, xmp=xmp.XMP.encode())
    return file.getvalue()


def crc32c(content: bytes) -> str:
    """The checksum as Cloud Storage writes it: big-endian, in base64."""
    return base64.b64encode(google_crc32c.value(content).to_bytes(4, "big")).decode()


def _quoted(value: str) -> str:
    """A value that holds one of the format's own separators is written in quotes."""
    return json.dumps(value, ensure_ascii=False) if set(value) & set(',:\n"') else value
