"""From a folder or a hub id to a pipeline that is ready to film. Importing this takes seconds."""

from pathlib import Path
from typing import Any

import torch
from diffusers import WanImageToVideoPipeline, WanPipeline, WanVideoToVideoPipeline
from diffusers.utils import logging
from transformers.utils import logging as transformers_logging

from gpu_workers.runtime.models import integrity
from gpu_workers.wan.clip_format import ClipFormat, clip
from gpu_workers.wan.latent_preview import Latents
from gpu_workers.wan.optimizations import hasten
from gpu_workers.wan.prompt_encoder import PromptEncoder
from gpu_workers.wan.settings import WanSettings, name_of
from gpu_workers.wan.tiny_model import tiny_model

_SHIFTS = ("flow_shift", "shift")
"""What the schedulers call it."""


class LoadedModel:
    """One model: its pipeline, its size, and what it can begin with."""

    def __init__(self, name: str, pipe: Any, clip_format: ClipFormat) -> None:  # noqa: ANN401 - diffusers has no types
        self.name = name
        self.pipe = pipe
        self.clip = clip_format
        self.texts = PromptEncoder(pipe)
        self.latents = Latents(pipe)
        self.transformers = [one for one in (pipe.transformer, pipe.transformer_2) if one]

    @property
    def every(self) -> int:
        """A clip is one frame and a multiple of this."""
        return int(self.pipe.vae_scale_factor_temporal)

    @property
    def multiple(self) -> int:
        """Sides are multiples of this."""
        return int(self.pipe.vae_scale_factor_spatial * self._config.patch_size[1])

    @property
    def sampler(self) -> str:
        """Its scheduler's name."""
        return type(self.pipe.scheduler).__name__.removesuffix("Scheduler")

    @property
    def shift(self) -> float | None:
        """Of its noise schedule."""
        config = self.pipe.scheduler.config
        return next((config[name] for name in _SHIFTS if name in config), None)

    @property
    def in_one_pass(self) -> bool:
        """Whether it is Wan 2.1's kind, with one transformer and one time for all frames."""
        return len(self.transformers) == 1 and not self.pipe.config.expand_timesteps

    @property
    def supports_last_frame(self) -> bool:
        """Whether it knows what to do with a last frame."""
        pictures_are_read = self._config.image_dim is not None
        return self.requires_last_frame or not (
            pictures_are_read or self.pipe.config.expand_timesteps
        )

    @property
    def requires_last_frame(self) -> bool:
        """Whether it cannot do without a last frame."""
        return self._config.pos_embed_seq_len is not None

    @property
    def _config(self) -> Any:  # noqa: ANN401 - diffusers has no types
        return self.transformers[0].config


def text_model(settings: WanSettings) -> LoadedModel:
    """The model that films from text."""
    return _loaded(WanPipeline, settings.wan_model or tiny_model(settings.model_cache), settings)


def frames_model(settings: WanSettings) -> LoadedModel | None:
    """The model that begins with a picture, where there is one."""
    model: str | Path | None = settings.wan_i2v_model
    if model is None and settings.wan_model is None:
        model = tiny_model(settings.model_cache, "frames")
    return None if model is None else _loaded(WanImageToVideoPipeline, model, settings)


def redrawing(text: LoadedModel) -> Any:  # noqa: ANN401 - diffusers has no types
    """The text model's own parts as the pipeline that draws a picture anew."""
    parts = {name: one for name, one in text.pipe.components.items() if name != "transformer_2"}
    pipe: Any = WanVideoToVideoPipeline(**parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe


def quiet() -> None:
    """Their warnings quote the prompt."""
    for one in (logging, transformers_logging):
        one.set_verbosity_error()
        one.disable_progress_bar()


def _loaded(kind: Any, model: str | Path, settings: WanSettings) -> LoadedModel:  # noqa: ANN401 - diffusers has no types
    on_gpu = torch.cuda.is_available()
    if Path(model).is_dir():
        integrity.check(Path(model))
    whole = {"default": torch.float32}
    # Wan's autoencoder and its reader of pictures lose detail in half precision.
    halved = {"default": torch.bfloat16, "vae": torch.float32, "image_encoder": torch.float32}
    pipe = kind.from_pretrained(model, dtype=halved if on_gpu else whole)
    pipe.to("cuda" if on_gpu else "cpu")
    pipe.set_progress_bar_config(disable=True)
    clip_format = clip(model, settings)
    pipe.scheduler = _with_flow_shift(pipe.scheduler, clip_format.shift)
    made = LoadedModel(name_of(model), pipe, clip_format)
    for transformer in made.transformers:
        hasten(transformer, settings, on_gpu=on_gpu)
    return made


def _with_flow_shift(scheduler: Any, shift: float | None) -> Any:  # noqa: ANN401 - diffusers has no types
    name = next((key for key in _SHIFTS if key in scheduler.config), None)
    if shift is None or name is None:
        return scheduler
    return type(scheduler).from_config(scheduler.config, **{name: shift})
