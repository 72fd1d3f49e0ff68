"""SDXL settings: the model, its additions and its optimisations."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from gpu_workers.runtime.settings import MODEL_CACHE, Settings, load_settings


class SdxlSettings(Settings):
    """Each field is read from the environment variable of its name in capitals.

    An optimisation that is not set is on with a GPU and off without one.
    """

    sdxl_model: str | None = None
    """A folder or a hub id; by default a tiny random model that draws noise."""
    sdxl_vae: str | None = None
    """A VAE instead of the model's, such as one that is stable in half precision."""
    sdxl_steps: Annotated[int, Field(ge=1, le=200)] | None = None
    """The steps of a few-step model: they override the job's, and are reported."""
    sdxl_guidance: Annotated[float, Field(ge=0, le=30)] | None = None
    """The guidance of a few-step model: it overrides the job's, and is reported."""

    sdxl_controlnet: str | None = None
    """A ControlNet for composition references: a folder or a hub id; by default image to image."""
    sdxl_controlnet_input: Literal["edges", "picture"] = "edges"
    """The input that the ControlNet was trained on."""
    sdxl_ip_adapter: Path | None = None
    """An IP-Adapter for style and character references: a file of weights next to the folder
    ``image_encoder``; without it, such references are refused."""
    sdxl_loras: Path | None = None
    """A folder of LoRAs; a prompt uses NAME.safetensors by the tag ``<lora:NAME:0.8>``."""

    sdxl_max_batch: Annotated[int, Field(ge=1, le=64)] | None = None
    """Pictures drawn at once; by default 4 on a GPU and 1 on a CPU. A batch has at most as many
    jobs as WORKER_SLOTS."""
    sdxl_channels_last: bool | None = None
    sdxl_compile: bool | None = None
    """Compile the UNet's repeated blocks; each size is drawn once before the first job."""
    sdxl_fused_qkv: bool | None = None
    """One projection for query, key and value; off by default with LoRAs or an IP-Adapter."""
    sdxl_fp8: bool = False
    """Lossy: the UNet's weights are stored in 8 bits."""
    sdxl_guidance_until: Annotated[float, Field(gt=0, le=1)] = 1
    """Lossy below 1: the part of the steps with guidance; the remaining steps cost half."""

    model_cache: Path = MODEL_CACHE
    """The folder in which the tiny random model is cached."""
    torch_threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one CPU operation; by default torch chooses."""

    @field_validator("sdxl_fused_qkv")
    @classmethod
    def _nothing_is_ignored(cls, fused: bool | None, others: ValidationInfo) -> bool | None:  # noqa: FBT001 - pydantic calls it
        if fused and (others.data.get("sdxl_loras") or others.data.get("sdxl_ip_adapter")):
            raise ValueError("LoRAs and an IP-Adapter would be ignored")
        return fused

    @property
    def lossy(self) -> list[str]:
        """The names of the lossy optimisations that are on."""
        optimizations = {
            "fp8": self.sdxl_fp8,
            f"guidance until {self.sdxl_guidance_until:g}": self.sdxl_guidance_until < 1,
        }
        return [name for name, on in optimizations.items() if on]


@cache
def sdxl() -> SdxlSettings:
    """The SDXL pipeline's settings."""
    return load_settings(SdxlSettings)
