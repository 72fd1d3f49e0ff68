"""Tiny random Wan pipelines with all components of the full ones, for tests.

They film noise that depends on every parameter, so that the code around a model can be tested
where no weights are available. They are saved and loaded like any other model.
"""

from functools import partial
from pathlib import Path
from typing import Any, Literal

import torch
from diffusers import (
    AutoencoderKLWan,
    UniPCMultistepScheduler,
    WanImageToVideoPipeline,
    WanPipeline,
    WanTransformer3DModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    CLIPImageProcessor,
    CLIPVisionConfig,
    CLIPVisionModel,
    PreTrainedTokenizerFast,
    UMT5Config,
    UMT5EncoderModel,
)

from gpu_workers.runtime.models.cache import cached
from gpu_workers.wan.clip_format import CLIP_FILE, ClipFormat

Kind = Literal["text", "frames", "first", "first_and_last"]
"""Like Wan 2.1 T2V, Wan 2.2 I2V (a first frame, and optionally a last), Wan 2.1 I2V, FLF2V."""

_NAME = "tiny-wan-{}-1"
"""Increase the number with any change below: an existing folder of this name is not rebuilt."""

_CLIP = ClipFormat(frames=9, fps=8, side=96, shift=None)
_WEIGHTS_SEED = 0
_TEXT_WIDTH = 32
_IMAGE_WIDTH = 16
_IMAGE_SIDE = 32
_IMAGE_PATCH = 16
_LATENT_CHANNELS = 16
_MASK_CHANNELS = 4
_GAIN = 10
"""Factor of some weights: else neither the prompt nor a given frame would show in the noise."""
_PAD, _END = "<pad>", "</s>"


def tiny_model(cache: Path, kind: Kind = "text") -> Path:
    """Return the folder of the model in the cache; create it if it does not exist."""
    return cached(cache, _NAME.format(kind), partial(_save, kind=kind))


def _save(folder: Path, *, kind: Kind) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(_WEIGHTS_SEED)
        pipe: Any = _build(kind)
    pipe.save_pretrained(folder)
    (folder / CLIP_FILE).write_text(_CLIP.model_dump_json(indent=2))


def _build(kind: Kind) -> WanPipeline | WanImageToVideoPipeline:
    parts: dict[str, Any] = {
        "tokenizer": _tokenizer(),
        "text_encoder": _text_encoder(),
        "vae": _vae(),
        "scheduler": _scheduler(),
        "transformer": _transformer(kind),
    }
    if kind == "text":
        return WanPipeline(**parts)
    if kind != "frames":
        parts |= {"image_processor": _image_processor(), "image_encoder": _image_encoder()}
    return WanImageToVideoPipeline(**parts)


def _scheduler() -> UniPCMultistepScheduler:
    return UniPCMultistepScheduler(
        prediction_type="flow_prediction", use_flow_sigmas=True, flow_shift=3.0
    )


def _vae() -> Any:  # noqa: ANN401 - diffusers has no types
    vae: Any = AutoencoderKLWan(
        base_dim=3,
        z_dim=_LATENT_CHANNELS,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )
    vae.quant_conv.weight.data *= _GAIN
    return vae


def _transformer(kind: Kind) -> Any:  # noqa: ANN401 - diffusers has no types
    encodes_pictures = kind in {"first", "first_and_last"}
    patches = (_IMAGE_SIDE // _IMAGE_PATCH) ** 2 + 1
    transformer: Any = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        # In addition to the noise: the given frames, and a mask of which those are.
        in_channels=_LATENT_CHANNELS * (1 + (kind != "text")) + _MASK_CHANNELS * (kind != "text"),
        out_channels=_LATENT_CHANNELS,
        text_dim=_TEXT_WIDTH,
        freq_dim=32,
        ffn_dim=32,
        num_layers=3,
        rope_max_seq_len=64,
        image_dim=_IMAGE_WIDTH if encodes_pictures else None,
        added_kv_proj_dim=24 if encodes_pictures else None,
        pos_embed_seq_len=2 * patches if kind == "first_and_last" else None,
    )
    for block in transformer.blocks:
        block.attn2.to_out[0].weight.data *= _GAIN
    return transformer


def _text_encoder() -> UMT5EncoderModel:
    return UMT5EncoderModel(
        UMT5Config(
            vocab_size=len(_vocabulary()),
            d_model=_TEXT_WIDTH,
            d_kv=8,
            d_ff=37,
            num_layers=2,
            num_heads=4,
            pad_token_id=0,
            eos_token_id=1,
        )
    )


def _image_encoder() -> CLIPVisionModel:
    return CLIPVisionModel(
        CLIPVisionConfig(
            hidden_size=_IMAGE_WIDTH,
            intermediate_size=37,
            num_hidden_layers=3,
            num_attention_heads=2,
            image_size=_IMAGE_SIDE,
            patch_size=_IMAGE_PATCH,
        )
    )


def _image_processor() -> CLIPImageProcessor:
    side = {"height": _IMAGE_SIDE, "width": _IMAGE_SIDE}
    return CLIPImageProcessor(size={"shortest_edge": _IMAGE_SIDE}, crop_size=side)


def _tokenizer() -> PreTrainedTokenizerFast:
    tokenizer = Tokenizer(models.BPE(vocab=_vocabulary(), merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"$A {_END}", special_tokens=[(_END, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=_PAD,
        eos_token=_END,
        model_max_length=512,
    )


def _vocabulary() -> dict[str, int]:
    """Return one token per byte, so that every prompt can be encoded."""
    characters = sorted(pre_tokenizers.ByteLevel.alphabet())
    return {token: number for number, token in enumerate((_PAD, _END, *characters))}
