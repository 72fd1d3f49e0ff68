"""Which SDXL model is drawn with, what is added to it, and how it is made fast."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from gpu_workers.runtime.settings import MODEL_CACHE, Settings, load_settings


class SdxlSettings(Settings):
    """Each field is the environment variable of its name in capitals.

    A speed setting that is left out is on where there is a GPU and off where there is none.
    """

    sdxl_model: str | None = None
    """A folder or a hub id; without it, a tiny random model that draws noise."""
    sdxl_vae: str | None = None
    """A VAE to take the model's own place, such as one that holds in half precision."""
    sdxl_steps: Annotated[int, Field(ge=1, le=200)] | None = None
    """Of a few-step model: taken whatever a job asks for, and reported."""
    sdxl_guidance: Annotated[float, Field(ge=0, le=30)] | None = None
    """The same."""

    sdxl_controlnet: str | None = None
    """What follows a reference's composition, a folder or a hub id; without it, image to image."""
    sdxl_controlnet_input: Literal["edges", "picture"] = "edges"
    """What that model was trained to follow."""
    sdxl_ip_adapter: Path | None = None
    """What follows a reference's style or character: a file of weights, with the folder
    ``image_encoder`` beside it; without it, such references are refused."""
    sdxl_loras: Path | None = None
    """A folder of LoRAs, of which a prompt asks for NAME.safetensors by ``<lora:NAME:0.8>``."""

    sdxl_max_batch: Annotated[int, Field(ge=1, le=64)] | None = None
    """Pictures drawn at once; without it, 4 on a GPU and 1 on a CPU. Jobs meet in a batch only as
    far as WORKER_SLOTS lets them be at work together."""
    sdxl_channels_last: bool | None = None
    sdxl_compile: bool | None = None
    """Compile the UNet's repeated blocks; each size is drawn once before the first job."""
    sdxl_fused_qkv: bool | None = None
    """One projection for query, key and value; off where there are LoRAs or an IP-Adapter."""
    sdxl_fp8: bool = False
    """Lossy: the UNet's weights are kept in 8 bits."""
    sdxl_guidance_until: Annotated[float, Field(gt=0, le=1)] = 1
    """Lossy below 1: the part of the steps that are guided; the others cost half."""

    model_cache: Path = MODEL_CACHE
    """Where the tiny random model is kept once it has been made."""
    torch_threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one CPU operation; without it, torch's own choice."""

    @field_validator("sdxl_fused_qkv")
    @classmethod
    def _nothing_is_ignored(cls, fused: bool | None, others: ValidationInfo) -> bool | None:  # noqa: FBT001 - pydantic calls it
        if fused and (others.data.get("sdxl_loras") or others.data.get("sdxl_ip_adapter")):
            raise ValueError("LoRAs and an IP-Adapter would be ignored")
        return fused

    @property
    def lossy(self) -> list[str]:
        """What makes a picture another than the model's own."""
        named = {
            "fp8": self.sdxl_fp8,
            f"guidance until {self.sdxl_guidance_until:g}": self.sdxl_guidance_until < 1,
        }
        return [name for name, on in named.items() if on]


@cache
def sdxl() -> SdxlSettings:
    """The SDXL pipeline's settings."""
    return load_settings(SdxlSettings)
