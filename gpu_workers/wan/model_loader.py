"""Load Wan models from a folder or a hub id. Importing this module takes seconds."""

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    FirstBlockCacheConfig,
    WanImageToVideoPipeline,
    WanPipeline,
    WanVideoToVideoPipeline,
)
from diffusers.utils import logging
from transformers.utils import logging as transformers_logging

from gpu_workers.runtime.models import integrity
from gpu_workers.wan.clip_format import ClipFormat, clip
from gpu_workers.wan.latent_preview import Latents
from gpu_workers.wan.prompt_encoder import PromptEncoder
from gpu_workers.wan.settings import WanSettings, name_of
from gpu_workers.wan.tiny_model import tiny_model

_SHIFTS = ("flow_shift", "shift")
"""The names of the shift in the schedulers' configs."""


class LoadedModel:
    """One model: its pipeline, its clip format and the references it supports.

    Args:
        name: the model's name in the settings of its outputs.
        pipe: the diffusers pipeline.
        clip_format: the format of the clips.
    """

    def __init__(self, name: str, pipe: Any, clip_format: ClipFormat) -> None:  # noqa: ANN401 - diffusers has no types
        self.name = name
        self.pipe = pipe
        self.clip = clip_format
        self.texts = PromptEncoder(pipe)
        self.latents = Latents(pipe)
        transformers = (pipe.transformer, pipe.transformer_2)
        self.transformers = [transformer for transformer in transformers if transformer]

    @property
    def every(self) -> int:
        """The temporal stride: a clip has ``every * k + 1`` frames."""
        return int(self.pipe.vae_scale_factor_temporal)

    @property
    def multiple(self) -> int:
        """Both sides of a frame are multiples of this, in pixels."""
        return int(self.pipe.vae_scale_factor_spatial * self._config.patch_size[1])

    @property
    def sampler(self) -> str:
        """The scheduler's name."""
        return type(self.pipe.scheduler).__name__.removesuffix("Scheduler")

    @property
    def shift(self) -> float | None:
        """The shift of the noise schedule; None if the scheduler has none."""
        config = self.pipe.scheduler.config
        return next((config[name] for name in _SHIFTS if name in config), None)

    @property
    def in_one_pass(self) -> bool:
        """Whether it is like Wan 2.1: one transformer, and one timestep for all frames."""
        return len(self.transformers) == 1 and not self.pipe.config.expand_timesteps

    @property
    def supports_last_frame(self) -> bool:
        """Whether a last frame can be given."""
        pictures_are_read = self._config.image_dim is not None
        return self.requires_last_frame or not (
            pictures_are_read or self.pipe.config.expand_timesteps
        )

    @property
    def requires_last_frame(self) -> bool:
        """Whether a last frame must be given."""
        return self._config.pos_embed_seq_len is not None

    @property
    def _config(self) -> Any:  # noqa: ANN401 - diffusers has no types
        return self.transformers[0].config


def text_model(settings: WanSettings) -> LoadedModel:
    """Load the text-to-video model."""
    return _loaded(WanPipeline, settings.wan_model or tiny_model(settings.model_cache), settings)


def frames_model(settings: WanSettings) -> LoadedModel | None:
    """Load the image-to-video model; None if none is configured."""
    model: str | Path | None = settings.wan_i2v_model
    if model is None and settings.wan_model is None:
        model = tiny_model(settings.model_cache, "frames")
    return None if model is None else _loaded(WanImageToVideoPipeline, model, settings)


def redrawing(text: LoadedModel) -> Any:  # noqa: ANN401 - diffusers has no types
    """Return a video-to-video pipeline over the text model's components, to redraw a picture."""
    components = text.pipe.components
    parts = {name: part for name, part in components.items() if name != "transformer_2"}
    pipe: Any = WanVideoToVideoPipeline(**parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def quiet() -> None:
    """Silence the libraries: their warnings would quote the prompt."""
    for library_logging in (logging, transformers_logging):
        library_logging.set_verbosity_error()
        library_logging.disable_progress_bar()


def _loaded(kind: Any, model: str | Path, settings: WanSettings) -> LoadedModel:  # noqa: ANN401 - diffusers has no types
    on_gpu = torch.cuda.is_available()
    if Path(model).is_dir():
        integrity.check(Path(model))
    full = {"default": torch.float32}
    # Wan's autoencoder and image encoder lose detail in half precision.
    half = {"default": torch.bfloat16, "vae": torch.float32, "image_encoder": torch.float32}
    pipe = kind.from_pretrained(model, dtype=half if on_gpu else full)
    pipe.to("cuda" if on_gpu else "cpu")
    pipe.set_progress_bar_config(disable=True)
    clip_format = clip(model, settings)
    pipe.scheduler = _with_flow_shift(pipe.scheduler, clip_format.shift)
    loaded = LoadedModel(name_of(model), pipe, clip_format)
    for transformer in loaded.transformers:
        hasten(transformer, settings, on_gpu=on_gpu)
    return loaded


def _with_flow_shift(scheduler: Any, shift: float | None) -> Any:  # noqa: ANN401 - diffusers has no types
    name = next((key for key in _SHIFTS if key in scheduler.config), None)
    if shift is None or name is None:
        return scheduler
    return type(scheduler).from_config(scheduler.config, **{name: shift})


def hasten(transformer: Any, settings: WanSettings, *, on_gpu: bool) -> None:  # noqa: ANN401 - diffusers has no types
    """Apply the configured optimisations; compile last, so that the others are compiled too.

    Args:
        transformer: the transformer, changed in place.
        settings: the configured optimisations.
        on_gpu: whether to compile if the settings do not say.
    """
    if settings.wan_fp8:
        transformer.enable_layerwise_casting(
            storage_dtype=torch.float8_e4m3fn, compute_dtype=transformer.dtype
        )
    transformer.set_attention_backend(settings.wan_attention)
    if settings.wan_first_block_cache:
        transformer.enable_cache(FirstBlockCacheConfig(settings.wan_first_block_cache))
    if on_gpu if settings.wan_compile is None else settings.wan_compile:
        transformer.compile_repeated_blocks()
