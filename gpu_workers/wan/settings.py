"""Which WAN models are filmed with, at what size and how fast."""

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
    """Each field is the environment variable of its name in capitals."""

    wan_model: str | None = None
    """A folder or a hub id; without it, tiny random models that film noise."""
    wan_i2v_model: str | None = None
    """The same for clips that begin, or end, with a given picture; without it, those are refused
    (beside the tiny random model there is a tiny one for them)."""

    wan_frames: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Of a clip; rounded to what the model can do, 4k + 1 for Wan 2.1."""
    wan_fps: Annotated[int, Field(ge=1, le=120)] | None = None
    wan_side: Annotated[int, Field(ge=16, le=4096)] | None = None
    """Of a square of as many pixels as a frame has."""
    wan_shift: Annotated[float, Field(gt=0, le=100)] | None = None
    """How far the noise schedule leans to the noisy end; without it and the three above, what the
    model's folder says in its clip.json, else Wan 2.1's."""

    wan_attention: Attention = "native"
    wan_compile: bool | None = None
    """Compile the transformer's repeated blocks; without it, where there is a GPU."""
    wan_first_block_cache: Annotated[float, Field(gt=0, le=1)] | None = None
    """Lossy: a step whose first block changes less than this repeats the last step's others."""
    wan_fp8: bool = False
    """Lossy: the transformer's weights are kept in 8 bits."""

    model_cache: Path = MODEL_CACHE
    """Where the tiny random models are kept once they have been made."""
    torch_threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one CPU operation; without it, torch's own choice."""

    @property
    def lossy(self) -> list[str]:
        """The options that change what is filmed, for the settings of each film."""
        named = {
            "sage attention": self.wan_attention == "sage",
            f"first block cache {self.wan_first_block_cache}": self.wan_first_block_cache,
            "fp8 weights": self.wan_fp8,
        }
        return [name for name, on in named.items() if on]


def name_of(model: str | Path) -> str:
    """A hub id as it is, and of a folder its name."""
    return Path(model).name if Path(model).is_dir() else str(model)


@cache
def wan() -> WanSettings:
    """The WAN pipeline's settings."""
    return load_settings(WanSettings)
