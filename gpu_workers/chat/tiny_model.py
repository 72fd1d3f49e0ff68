"""A random Qwen3 with a tokenizer of its own, small enough to make in a second.

It babbles: letters and spaces without sense, yet such that depend on every message and parameter,
so that all that surrounds a model can be tried where no weights can be had. It is saved as any
model is and loaded by the same code.
"""

from pathlib import Path

import torch
from tokenizers import pre_tokenizers
from transformers import GenerationConfig, Qwen2Tokenizer, Qwen3Config, Qwen3ForCausalLM

from gpu_workers.runtime.models.cache import cached

_NAME = "tiny-qwen3-1"
"""To be counted up with any change below: a folder of that name is taken as it is."""

_WEIGHTS_SEED = 0
_SPREAD = 0.2
"""Of the weights: wide enough that some letters are far likelier than others."""

_RARE_END = 0.3
"""Keeps the end's likelihood near even, and so low: a reply has some hundred letters."""

_END, _START, _PAD = "<|im_end|>", "<|im_start|>", "<|endoftext|>"
_BABBLE = "abcdefghijklmnopqrstuvwxyzĠ,."
"""What it may write; Ġ is the space, as a byte-level vocabulary spells it."""

_TEMPLATE = (
    "{% for message in messages %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)


def tiny_model(cache: Path) -> Path:
    """The folder of the model in the cache, where it is made if it is not there."""
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
    spoken = {*_BABBLE, _END}
    model.generation_config = GenerationConfig(
        do_sample=True,
        eos_token_id=[vocabulary[_END]],
        pad_token_id=vocabulary[_PAD],
        suppress_tokens=[number for token, number in vocabulary.items() if token not in spoken],
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
    """A token a byte, so that there is no message it cannot read."""
    tokens = [_PAD, _START, _END, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    return {token: number for number, token in enumerate(tokens)}
