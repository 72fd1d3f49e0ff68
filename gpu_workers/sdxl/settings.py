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
    """The folder or hub id of the model. Without it, a tiny random model that draws noise."""
    sdxl_vae: str | None = None
    """A VAE in place of the model's own, such as one that works in half precision."""
    sdxl_steps: Annotated[int, Field(ge=1, le=200)] | None = None
    """For few-step models: the steps of every picture, whatever the job asks for."""
    sdxl_guidance: Annotated[float, Field(ge=0, le=30)] | None = None
    """For few-step models: the guidance scale of every picture, whatever the job asks for."""

    sdxl_controlnet: str | None = None
    """The folder or hub id of a ControlNet for references of type `composition`. Without it,
    image to image."""
    sdxl_controlnet_input: Literal["edges", "picture"] = "edges"
    """The input that the ControlNet was trained on."""
    sdxl_ip_adapter: Path | None = None
    """A file of IP-Adapter weights for references of type `style` and `character`, with the
    folder `image_encoder` beside it. Without it, such references are refused."""
    sdxl_loras: Path | None = None
    """A folder of LoRAs. A prompt uses NAME.safetensors by `<lora:NAME:0.8>`."""

    sdxl_max_batch: Annotated[int, Field(ge=1, le=64)] | None = None
    """Pictures that are drawn at once. Without it, 4 on a GPU and 1 on a CPU. Only jobs that run
    at the same time (`WORKER_SLOTS`) share a batch."""
    sdxl_channels_last: bool | None = None
    """Store tensors channels-last."""
    sdxl_compile: bool | None = None
    """Compile the UNet's repeated blocks. Each size is drawn once before the first job."""
    sdxl_fused_qkv: bool | None = None
    """One projection for query, key and value. Off where there are LoRAs or an IP-Adapter."""
    sdxl_fp8: bool = False
    """Lossy: store the weights of the UNet in 8 bits."""
    sdxl_guidance_until: Annotated[float, Field(gt=0, le=1)] = 1
    """Lossy below 1: the share of the steps that use guidance. The others cost half."""

    model_cache: Path = MODEL_CACHE
    """Where the tiny random model is stored."""
    torch_threads: Annotated[int, Field(ge=1)] | None = None
    """Threads of one CPU operation. Without it, torch's own choice."""

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
