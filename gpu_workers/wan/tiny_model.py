"""Random Wan pipelines of the full ones' parts, small enough to make in a moment.

They film noise, yet noise that depends on every parameter, so that all that surrounds a model can
be tried where no weights can be had. They are saved as any model is and loaded by the same code.
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
"""As Wan 2.1 T2V, Wan 2.2 I2V (a first frame, and a last one where wanted), Wan 2.1 I2V, FLF2V."""

_NAME = "tiny-wan-{}-1"
"""To be counted up with any change below: a folder of that name is taken as it is."""

_CLIP = ClipFormat(frames=9, fps=8, side=96, shift=None)
_WEIGHTS_SEED = 0
_TEXT_WIDTH = 32
_IMAGE_WIDTH = 16
_IMAGE_SIDE = 32
_IMAGE_PATCH = 16
_LATENT_CHANNELS = 16
_MASK_CHANNELS = 4
_LOUDER = 10
"""As random weights come, neither a word nor a given frame would count beside the noise."""
_PAD, _END = "<pad>", "</s>"


def tiny_model(cache: Path, kind: Kind = "text") -> Path:
    """The folder of the model in the cache, where it is made if it is not there."""
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
    made: Any = AutoencoderKLWan(
        base_dim=3,
        z_dim=_LATENT_CHANNELS,
        dim_mult=[1, 1, 1, 1],
        num_res_blocks=1,
        temperal_downsample=[False, True, True],
    )
    made.quant_conv.weight.data *= _LOUDER
    return made


def _transformer(kind: Kind) -> Any:  # noqa: ANN401 - diffusers has no types
    encodes_pictures = kind in {"first", "first_and_last"}
    patches = (_IMAGE_SIDE // _IMAGE_PATCH) ** 2 + 1
    made: Any = WanTransformer3DModel(
        patch_size=(1, 2, 2),
        num_attention_heads=2,
        attention_head_dim=12,
        # Beside the noise: the frames that are given, and which those are.
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
    for block in made.blocks:
        block.attn2.to_out[0].weight.data *= _LOUDER
    return made


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
    one = Tokenizer(models.BPE(vocab=_vocabulary(), merges=[]))
    one.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    one.post_processor = processors.TemplateProcessing(
        single=f"$A {_END}", special_tokens=[(_END, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=one,
        pad_token=_PAD,
        eos_token=_END,
        model_max_length=512,
    )


def _vocabulary() -> dict[str, int]:
    """A token a byte, so that there is no prompt it cannot write."""
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    return {token: number for number, token in enumerate((_PAD, _END, *letters))}
