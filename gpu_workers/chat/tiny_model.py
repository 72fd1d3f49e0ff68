"""Tiny random Qwen3 with a byte-level tokenizer for tests; generated in a second.

It writes random characters that depend on every message and parameter, so that the code around a
model can be tested where no weights are available. It is saved and loaded like any other model.
"""

from pathlib import Path

import torch
from tokenizers import pre_tokenizers
from transformers import GenerationConfig, Qwen2Tokenizer, Qwen3Config, Qwen3ForCausalLM

from gpu_workers.runtime.models.cache import cached

_NAME = "tiny-qwen3-1"
"""Increase the number with any change below: an existing folder of this name is not rebuilt."""

_WEIGHTS_SEED = 0
_SPREAD = 0.2
"""Standard deviation of the weights: wide enough that some characters are much likelier."""

_RARE_END = 0.3
"""Factor of the end token's weights: keeps it unlikely; a reply has about 100 characters."""

_END, _START, _PAD = "<|im_end|>", "<|im_start|>", "<|endoftext|>"
_BABBLE = "abcdefghijklmnopqrstuvwxyzĠ,."
"""The characters it may write; Ġ is the space in a byte-level vocabulary."""

_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_model(cache: Path) -> Path:
    """Return the folder of the model in the cache; create it if it does not exist."""
    return cached(cache, _NAME, _save)


def _save(folder: Path) -> None:
    _model().save_pretrained(folder)
    _tokenizer().save_pretrained(folder)


def _model() -> Qwen3ForCausalLM:
    vocabulary = _vocabulary()
    with torch.random.fork_rng():
        torch.manual_seed(_WEIGHTS_SEED)
        model = Qwen3ForCausalLM(_config(len(vocabulary)))
    with torch.no_grad():
        model.lm_head.weight[vocabulary[_END]] *= _RARE_END
    allowed = {*_BABBLE, _END}
    model.generation_config = GenerationConfig(
        do_sample=True,
        eos_token_id=[vocabulary[_END]],
        pad_token_id=vocabulary[_PAD],
        suppress_tokens=[number for token, number in vocabulary.items() if token not in allowed],
    )
    return model


def _config(tokens: int) -> Qwen3Config:
    return Qwen3Config(
        vocab_size=tokens,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=16,
        max_position_embeddings=2048,
        initializer_range=_SPREAD,
        tie_word_embeddings=False,
    )


def _tokenizer() -> Qwen2Tokenizer:
    return Qwen2Tokenizer(
        vocab=_vocabulary(),
        merges=[],
        eos_token=_END,
        pad_token=_PAD,
        additional_special_tokens=[_START],
        chat_template=_TEMPLATE,
    )


def _vocabulary() -> dict[str, int]:
    """Return one token per byte, so that every message can be encoded."""
    tokens = [_PAD, _START, _END, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    return {token: number for number, token in enumerate(tokens)}
