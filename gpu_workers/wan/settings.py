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
    """A folder or a hub id; by default a tiny random model that films noise."""
    wan_i2v_model: str | None = None
    """A folder or a hub id of the model for clips with a first or last frame; without it, they
    are refused (with the tiny random model, a tiny one is used)."""

    wan_frames: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Frames of a clip; rounded to a count that the model supports, 4k + 1 for Wan 2.1."""
    wan_fps: Annotated[int, Field(ge=1, le=120)] | None = None
    wan_side: Annotated[int, Field(ge=16, le=4096)] | None = None
    """The side, in pixels, of a square with as many pixels as a frame."""
    wan_shift: Annotated[float, Field(gt=0, le=100)] | None = None
    """The shift of the noise schedule to its noisy end. This field and the three above default to
    the clip.json in the model's folder, else to Wan 2.1's values."""

    wan_attention: Attention = "native"
    wan_compile: bool | None = None
    """Compile the transformer's repeated blocks; on by default with a GPU."""
    wan_first_block_cache: Annotated[float, Field(gt=0, le=1)] | None = None
    """Lossy: if a step changes its first block by less than this, it reuses the remaining blocks
    of the previous step."""
    wan_fp8: bool = False
    """Lossy: the transformer's weights are stored in 8 bits."""

    model_cache: Path = MODEL_CACHE
    """The folder in which the tiny random models are cached."""
    torch_threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one CPU operation; by default torch chooses."""

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
