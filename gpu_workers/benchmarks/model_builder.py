"""Random-weight models at full size, in folders that the workers load like any other model.

Tokenizers and schedulers, which no benchmark times, are those of the tiny models.
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
"""The name of a model's folder."""
_SEED = 0


def sdxl(bench: Bench) -> Path:
    """Return the folder of an SDXL; build it if it does not exist."""
    tiny = tiny_sdxl.tiny_model(bench.models)
    return tiny if bench.toy else _cached(bench, "sdxl", partial(_save_sdxl, tiny=tiny))


def wan(bench: Bench, size: str) -> Path:
    """Return the folder of a text-to-video Wan of a size; build it if it does not exist."""
    tiny = tiny_wan.tiny_model(bench.models)
    return tiny if bench.toy else _cached(bench, size, partial(_save_wan, tiny=tiny, size=size))


def qwen(bench: Bench) -> Path:
    """Return the folder of a Qwen; build it if it does not exist."""
    tiny = tiny_chat.tiny_model(bench.models)
    return tiny if bench.toy else _cached(bench, "qwen", partial(_save_qwen, tiny=tiny))


def _cached(bench: Bench, name: str, save: Any) -> Path:  # noqa: ANN401 - a partial
    return cached(bench.models, NAME.format(name), save)


def _save_sdxl(folder: Path, *, tiny: Path) -> None:
    parts = StableDiffusionXLPipeline.from_pretrained(tiny).components
    bigg = CLIPTextConfig(**model_configs.CLIP_BIGG, **model_configs.CLIP_MARKS)
    parts |= {
        "unet": _random_model(partial(UNet2DConditionModel, **model_configs.SDXL_UNET)),
        "vae": _random_model(partial(AutoencoderKL, **model_configs.SDXL_VAE)),
        "text_encoder": _random_model(
            partial(
                CLIPTextModel, CLIPTextConfig(**model_configs.CLIP_L, **model_configs.CLIP_MARKS)
            )
        ),
        "text_encoder_2": _random_model(partial(CLIPTextModelWithProjection, bigg)),
    }
    pipe: Any = StableDiffusionXLPipeline(**parts, add_watermarker=False)
    pipe.save_pretrained(folder)


def _save_wan(folder: Path, *, tiny: Path, size: str) -> None:
    parts = WanPipeline.from_pretrained(tiny).components
    tiny_config = parts["text_encoder"].config
    text = UMT5Config(
        **model_configs.WAN_TEXT,
        num_layers=1,
        vocab_size=tiny_config.vocab_size,
        pad_token_id=tiny_config.pad_token_id,
        eos_token_id=tiny_config.eos_token_id,
    )
    parts |= {
        "transformer": _random_model(partial(WanTransformer3DModel, **model_configs.WAN[size])),
        "vae": _random_model(partial(AutoencoderKLWan, **model_configs.WAN_VAE), torch.float32),
        "text_encoder": _random_model(partial(UMT5EncoderModel, text)),
    }
    pipe: Any = WanPipeline(**parts)
    pipe.save_pretrained(folder)


def _save_qwen(folder: Path, *, tiny: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(tiny)
    model = _random_model(partial(Qwen2ForCausalLM, Qwen2Config(**model_configs.QWEN)))
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def _random_model(kind: Any, dtype: torch.dtype = torch.bfloat16) -> Any:  # noqa: ANN401 - any model
    """Create a model with random weights directly on the device, to copy them only once."""
    default_dtype = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device()):
            return randomise(kind(), _SEED)
    finally:
        torch.set_default_dtype(default_dtype)
