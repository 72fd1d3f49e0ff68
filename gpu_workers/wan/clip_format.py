"""How many frames of what size a clip has, and how fast they follow each other."""

from math import lcm, sqrt
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from gpu_workers.wan.settings import WanSettings
from shared.contracts.worker_protocol import AspectRatio

CLIP_FILE = "clip.json"
"""Beside a model that is not Wan 2.1's size: its own `Clip`."""

_MIN_MULTIPLE = 16
"""What diffusers' Wan pipelines demand of any side."""

_FULL_SIDE = 512
_FULL_MULTIPLE = 32
"""From that side on, so that Wan 2.1 films at its own 832x480."""


class ClipFormat(BaseModel):
    """What a model films; the defaults are Wan 2.1's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    frames: Annotated[int, Field(ge=1)] = 81
    fps: Annotated[int, Field(ge=1)] = 16
    side: Annotated[int, Field(ge=_MIN_MULTIPLE)] = 632
    """Of a square of as many pixels as a frame has."""
    shift: Annotated[float, Field(gt=0)] | None = 5.0
    """Of the noise schedule; none leaves the model's scheduler as it was saved."""


def clip(model: str | Path, settings: WanSettings) -> ClipFormat:
    """What the environment says, else the model's folder, else Wan 2.1's.

    Raises:
        ValueError: the folder's file cannot be read.
    """
    own = Path(model) / CLIP_FILE
    clip_format = (
        ClipFormat.model_validate_json(own.read_bytes()) if own.is_file() else ClipFormat()
    )
    wanted = {
        "frames": settings.wan_frames,
        "fps": settings.wan_fps,
        "side": settings.wan_side,
        "shift": settings.wan_shift,
    }
    return clip_format.model_copy(
        update={name: one for name, one in wanted.items() if one is not None}
    )


def round_frames(frames: int, *, every: int) -> int:
    """The nearest count of one frame and a multiple of ``every``, the longer of two as near."""
    return max((frames - 1 + every // 2) // every, 0) * every + 1


def sides(ratio: AspectRatio, *, side: int, multiple: int) -> tuple[int, int]:
    """Width and height of about ``side`` squared pixels, both rounded to the nearest multiple."""
    across, down = (int(part) for part in ratio.split(":"))
    step = lcm(multiple, _FULL_MULTIPLE if side >= _FULL_SIDE else _MIN_MULTIPLE)
    stretch = sqrt(across / down)
    return max(round(side * stretch / step), 1) * step, max(round(side / stretch / step), 1) * step
