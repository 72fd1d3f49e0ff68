"""What a finished film or picture is handed in as, and what it says of itself."""

from typing import TYPE_CHECKING, Any

from PIL import Image

from gpu_workers.runtime.media import images, video
from gpu_workers.runtime.media.video import Frames
from gpu_workers.runtime.pipeline import Media
from gpu_workers.wan.clip_request import Order
from gpu_workers.wan.settings import WanSettings

if TYPE_CHECKING:
    from gpu_workers.wan.model_loader import Loaded

_MOST_LOOKED_AT = 12
"""Frames of a film that the output check sees: two a second of one that is six seconds long."""


def clip_of(frames: Frames, order: Order, chosen: "Loaded", own: WanSettings) -> Media:
    """The frames as a file, with what they were really made with."""
    count, fps = len(frames), chosen.clip.fps
    used = _used(order, chosen, own) | {"frames": count, "fps": fps}
    return Media(
        content=video.mp4(frames, fps=fps, settings=used),
        mime_type="video/mp4",
        width=order.size[0],
        height=order.size[1],
        seed=order.seed,
        thumbnail_source=Image.fromarray(frames[count // 2]),
        frames=[Image.fromarray(frames[place]) for place in _looked_at(count)],
        duration_seconds=count / fps,
        settings=used,
    )


def picture_of(frames: Frames, order: Order, chosen: "Loaded", own: WanSettings) -> Media:
    """The one frame as a file, with the same."""
    (frame,) = frames
    image, used = Image.fromarray(frame), _used(order, chosen, own)
    return Media(
        content=images.png(image, used),
        mime_type="image/png",
        width=image.width,
        height=image.height,
        seed=order.seed,
        thumbnail_source=image,
        settings=used,
    )


def _looked_at(count: int) -> list[int]:
    """The first frame, the last, and some between them at equal distances."""
    most = min(count, _MOST_LOOKED_AT)
    return [round(place * (count - 1) / max(1, most - 1)) for place in range(most)]


def _used(order: Order, chosen: "Loaded", own: WanSettings) -> dict[str, Any]:
    used = images.generation_settings(
        order.wanted, model=chosen.name, sampler=chosen.sampler, seed=order.seed, size=order.size
    )
    more = {
        "shift": chosen.shift,
        "attention": own.wan_attention,
        "lossy": own.lossy or None,
        "tokens_left_out": chosen.texts.tokens_left_out(order.wanted.prompt) or None,
        **_begun(order),
    }
    return used | {name: one for name, one in more.items() if one is not None}


def _begun(order: Order) -> dict[str, Any]:
    """What became of the pictures that it began with, and of their strength."""
    if order.given.source:
        return {
            **order.given.used,
            "reference_strength": order.strength,
            "denoising_strength": order.steps_anew / order.wanted.steps,
        }
    if order.given.first:
        unused = order.wanted.reference_strength is not None
        return {**order.given.used, "unused": ["reference_strength"] if unused else None}
    return {}
