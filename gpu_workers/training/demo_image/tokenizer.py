"""Tokenizer of the demo model: one token per caption word, other words by character."""

import json
from random import Random
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from gpu_workers.training.demo_image.captions import caption, uninformative_caption
from gpu_workers.training.demo_image.subjects import scene, shape

_CAPTIONS = 6000
_WORDS_SEED = 7
_MIN_FREQUENCY = 8
"""A rarer word is noise and is encoded by character."""

_MAX_TOKENS = 77


def tokenizer() -> CLIPTokenizer:
    """Build the tokenizer from captions; they are the same in each run, so the tokens are too."""
    trained = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    trained.normalizer = normalizers.Lowercase()
    trained.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation()]
    )
    characters = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(
        vocab_size=4000,
        min_frequency=_MIN_FREQUENCY,
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    trained.train_from_iterator(_captions(), trainer)
    merges: Any = _merges(trained)  # pairs; the class is typed for strings only
    tokens = [
        "<|startoftext|>",
        "<|endoftext|>",
        *characters,
        *(f"{character}</w>" for character in characters),
    ]
    tokens += [left + right for left, right in merges]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=_MAX_TOKENS)


def _captions() -> list[str]:
    random = Random(_WORDS_SEED)
    subjects = [scene(random) if number % 2 else shape(random) for number in range(_CAPTIONS)]
    return [caption(subject, random) for subject in subjects] + [
        uninformative_caption(random) for _ in range(500)
    ]


def _merges(trained: Tokenizer) -> list[tuple[str, str]]:
    return [(left, right) for left, right in json.loads(trained.to_str())["model"]["merges"]]
