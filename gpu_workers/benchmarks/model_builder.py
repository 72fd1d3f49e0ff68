"""Folders of true-size models with random weights, which the workers load as they load any model.

What no row times is the tiny models': tokenizers and schedulers.
"""

from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLWan,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    WanPipeline,
    WanTransformer3DModel,
)
from transformers import (
    AutoTokenizer,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    Qwen2Config,
    Qwen2ForCausalLM,
    UMT5Config,
    UMT5EncoderModel,
)

from gpu_workers.benchmarks import model_configs
from gpu_workers.benchmarks.random_weights import randomise
from gpu_workers.benchmarks.timer import device
from gpu_workers.benchmarks.types import Bench
from gpu_workers.chat import tiny_model as tiny_chat
from gpu_workers.runtime.models.cache import cached
from gpu_workers.sdxl import tiny_model as tiny_sdxl
from gpu_workers.wan import tiny_model as tiny_wan

NAME = "true-{}-1"
"""Of a folder, by its model."""
_SEED = 0


def sdxl(bench: Bench) -> Path:
    """An SDXL, in a folder."""
    tiny = tiny_sdxl.tiny_model(bench.models)
    return tiny if bench.toy else _kept(bench, "sdxl", partial(_save_sdxl, tiny=tiny))


def wan(bench: Bench, size: str) -> Path:
    """A Wan that films from text, in a folder."""
    tiny = tiny_wan.tiny_model(bench.models)
    return tiny if bench.toy else _kept(bench, size, partial(_save_wan, tiny=tiny, size=size))


def qwen(bench: Bench) -> Path:
    """A Qwen, in a folder."""
    tiny = tiny_chat.tiny_model(bench.models)
    return tiny if bench.toy else _kept(bench, "qwen", partial(_save_qwen, tiny=tiny))


def _kept(bench: Bench, name: str, save: Any) -> Path:  # noqa: ANN401 - a partial
    return cached(bench.models, NAME.format(name), save)


def _save_sdxl(folder: Path, *, tiny: Path) -> None:
    parts = StableDiffusionXLPipeline.from_pretrained(tiny).components
    bigg = CLIPTextConfig(**model_configs.CLIP_BIGG, **model_configs.CLIP_MARKS)
    parts |= {
        "unet": _made(partial(UNet2DConditionModel, **model_configs.SDXL_UNET)),
        "vae": _made(partial(AutoencoderKL, **model_configs.SDXL_VAE)),
        "text_encoder": _made(
            partial(
                CLIPTextModel, CLIPTextConfig(**model_configs.CLIP_L, **model_configs.CLIP_MARKS)
            )
        ),
        "text_encoder_2": _made(partial(CLIPTextModelWithProjection, bigg)),
    }
    pipe: Any = StableDiffusionXLPipeline(**parts, add_watermarker=False)
    pipe.save_pretrained(folder)


def _save_wan(folder: Path, *, tiny: Path, size: str) -> None:
    parts = WanPipeline.from_pretrained(tiny).components
    words = parts["text_encoder"].config
    text = UMT5Config(
        **model_configs.WAN_TEXT,
        num_layers=1,
        vocab_size=words.vocab_size,
        pad_token_id=words.pad_token_id,
        eos_token_id=words.eos_token_id,
    )
    parts |= {
        "transformer": _made(partial(WanTransformer3DModel, **model_configs.WAN[size])),
        "vae": _made(partial(AutoencoderKLWan, **model_configs.WAN_VAE), torch.float32),
        "text_encoder": _made(partial(UMT5EncoderModel, text)),
    }
    pipe: Any = WanPipeline(**parts)
    pipe.save_pretrained(folder)


def _save_qwen(folder: Path, *, tiny: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    model = _made(partial(Qwen2ForCausalLM, Qwen2Config(**model_configs.QWEN)))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _made(kind: Any, dtype: torch.dtype = torch.bfloat16) -> Any:  # noqa: ANN401 - any model
    """One model, made on the device: from there it goes to its file once."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device()):
            return randomise(kind(), _SEED)
    finally:
        torch.set_default_dtype(before)
