"""Frame count, frame rate and resolution of clips."""

from math import lcm, sqrt
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gpu_workers.wan.settings import WanSettings
from shared.contracts.worker_protocol import AspectRatio

CLIP_FILE = "clip.json"
"""A file in the folder of a model that is not of Wan 2.1's format: its `ClipFormat`."""

_MIN_MULTIPLE = 16
"""diffusers' Wan pipelines require sides that are multiples of this."""

_FULL_SIDE = 512
_FULL_MULTIPLE = 32
"""From a side of `_FULL_SIDE` on, so that Wan 2.1 films at its native 832x480."""


class ClipFormat(BaseModel):
    """The format of a model's clips; the defaults are Wan 2.1's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: Annotated[int, Field(ge=1)] = 81
    fps: Annotated[int, Field(ge=1)] = 16
    side: Annotated[int, Field(ge=_MIN_MULTIPLE)] = 632
    """The side, in pixels, of a square with as many pixels as a frame."""
    shift: Annotated[float, Field(gt=0)] | None = 5.0
    """The shift of the noise schedule; None keeps the model's scheduler as saved."""


def clip(model: str | Path, settings: WanSettings) -> ClipFormat:
    """Return the format: from the settings, else the model's folder, else Wan 2.1's.

    Args:
        model: a folder or a hub id.
        settings: fields that are set take precedence.

    Raises:
        ValueError: the folder's `CLIP_FILE` is invalid.
    """
    file = Path(model) / CLIP_FILE
    clip_format = (
        ClipFormat.model_validate_json(file.read_bytes()) if file.is_file() else ClipFormat()
    )
    overrides = {
        "frames": settings.wan_frames,
        "fps": settings.wan_fps,
        "side": settings.wan_side,
        "shift": settings.wan_shift,
    }
    return clip_format.model_copy(
        update={name: value for name, value in overrides.items() if value is not None}
    )


def round_frames(frames: int, *, every: int) -> int:
    """Round to the nearest count of the form ``every * k + 1``; a tie is rounded up."""
    return max((frames - 1 + every // 2) // every, 0) * every + 1


def sides(ratio: AspectRatio, *, side: int, multiple: int) -> tuple[int, int]:
    """Return width and height in pixels, with about ``side`` squared pixels.

    Args:
        ratio: the aspect ratio.
        side: the side of a square with as many pixels as a frame.
        multiple: both sides are rounded to multiples of this.
    """
    across, down = (int(part) for part in ratio.split(":"))
    step = lcm(multiple, _FULL_MULTIPLE if side >= _FULL_SIDE else _MIN_MULTIPLE)
    stretch = sqrt(across / down)
    return max(round(side * stretch / step), 1) * step, max(round(side / stretch / step), 1) * step
