"""WAN settings: the models, the clip format and the optimisations."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from gpu_workers.runtime.settings import MODEL_CACHE, Settings, load_settings

Attention = Literal[
    "native", "_native_cudnn", "_native_flash", "_native_efficient", "_native_math",
    "flash", "_flash_3", "sage",
]  # fmt: skip
"""diffusers' names. ``flash``, ``_flash_3`` and ``sage`` need their package; ``sage`` is lossy."""


class WanSettings(Settings):
    """Each field is read from the environment variable of its name in capitals."""

    wan_model: str | None = None
    """The folder or hub id of the model. Without it, tiny random models that film noise."""
    wan_i2v_model: str | None = None
    """The folder or hub id of the model for clips that begin or end with a given picture.
    Without it, such jobs are refused, except with the tiny random models."""

    wan_frames: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Frames of a clip, rounded to what the model supports (4k + 1 for Wan 2.1). Without it, and
    likewise for the next three: the value in the model folder's clip.json, else that of Wan
    2.1."""
    wan_fps: Annotated[int, Field(ge=1, le=120)] | None = None
    """Frames a second."""
    wan_side: Annotated[int, Field(ge=16, le=4096)] | None = None
    """The side, in pixels, of a square with as many pixels as a frame has."""
    wan_shift: Annotated[float, Field(gt=0, le=100)] | None = None
    """The shift of the noise schedule."""

    wan_attention: Attention = "native"
    """The attention backend, by diffusers' name. `flash`, `_flash_3` and `sage` need their
    package; `sage` is lossy."""
    wan_compile: bool | None = None
    """Compile the transformer's repeated blocks. Without it, where there is a GPU."""
    wan_first_block_cache: Annotated[float, Field(gt=0, le=1)] | None = None
    """Lossy: a step whose first block changes less than this reuses the other blocks of the last
    step."""
    wan_fp8: bool = False
    """Lossy: store the weights of the transformer in 8 bits."""

    model_cache: Path = MODEL_CACHE
    """Where the tiny random models are stored."""
    torch_threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one CPU operation. Without it, torch's own choice."""

    @property
    def lossy(self) -> list[str]:
        """The names of the lossy optimisations that are on, for the generation settings."""
        optimizations = {
            "sage attention": self.wan_attention == "sage",
            f"first block cache {self.wan_first_block_cache}": self.wan_first_block_cache,
            "fp8 weights": self.wan_fp8,
        }
        return [name for name, on in optimizations.items() if on]


def name_of(model: str | Path) -> str:
    """Return the name of a model: the name of its folder, or its hub id."""
    return Path(model).name if Path(model).is_dir() else str(model)


@cache
def wan() -> WanSettings:
    """The WAN pipeline's settings."""
    return load_settings(WanSettings)
