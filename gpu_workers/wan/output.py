"""Encode a clip or frame with its generation settings."""

from typing import TYPE_CHECKING, Any

from PIL import Image

from gpu_workers.runtime.media import images, video
from gpu_workers.runtime.media.video import Frames
from gpu_workers.runtime.pipeline import Media
from gpu_workers.wan.clip_request import ClipRequest
from gpu_workers.wan.settings import WanSettings

if TYPE_CHECKING:
    from gpu_workers.wan.model_loader import LoadedModel

_MAX_CHECKED_FRAMES = 12
"""Frames of a clip that the output check looks at: two per second of a clip of six seconds."""


def clip_of(
    frames: Frames, order: ClipRequest, chosen: "LoadedModel", settings: WanSettings
) -> Media:
    """Encode frames as an MP4, with the settings that were used."""
    count, fps = len(frames), chosen.clip.fps
    used = _used(order, chosen, settings) | {"frames": count, "fps": fps}
    return Media(
        content=video.mp4(frames, fps=fps, settings=used),
        mime_type="video/mp4",
        width=order.size[0],
        height=order.size[1],
        seed=order.seed,
        thumbnail_source=Image.fromarray(frames[count // 2]),
        frames=[Image.fromarray(frames[index]) for index in _frames_to_check(count)],
        duration_seconds=count / fps,
        settings=used,
    )


def picture_of(
    frames: Frames, order: ClipRequest, chosen: "LoadedModel", settings: WanSettings
) -> Media:
    """Encode a single frame as a PNG, with the settings that were used."""
    (frame,) = frames
    image, used = Image.fromarray(frame), _used(order, chosen, settings)
    return Media(
        content=images.png(image, used),
        mime_type="image/png",
        width=image.width,
        height=image.height,
        seed=order.seed,
        thumbnail_source=image,
        settings=used,
    )


def _frames_to_check(count: int) -> list[int]:
    """Return the indexes of the first frame, the last, and some between at equal distances."""
    limit = min(count, _MAX_CHECKED_FRAMES)
    return [round(step * (count - 1) / max(1, limit - 1)) for step in range(limit)]


def _used(order: ClipRequest, chosen: "LoadedModel", settings: WanSettings) -> dict[str, Any]:
    used = images.generation_settings(
        order.params, model=chosen.name, sampler=chosen.sampler, seed=order.seed, size=order.size
    )
    more = {
        "shift": chosen.shift,
        "attention": settings.wan_attention,
        "lossy": settings.lossy or None,
        "tokens_left_out": chosen.texts.truncated_tokens(order.params.prompt) or None,
        **_reference_settings(order),
    }
    return used | {name: value for name, value in more.items() if value is not None}


def _reference_settings(order: ClipRequest) -> dict[str, Any]:
    """Return how the references and their strength were used; empty without references."""
    if order.references.source:
        return {
            **order.references.used,
            "reference_strength": order.strength,
            "denoising_strength": order.redraw_steps / order.params.steps,
        }
    if order.references.first:
        unused = order.params.reference_strength is not None
        return {**order.references.used, "unused": ["reference_strength"] if unused else None}
    return {}
