"""Tokenizer of the demo video model: one token per caption word, other words by character."""

from random import Random

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from gpu_workers.training.demo_image.captions import uninformative_caption
from gpu_workers.training.demo_video.captions import caption
from gpu_workers.training.demo_video.subjects import scene, shape

LONGEST = 512
"""The maximum number of tokens of a Wan prompt."""

_CAPTIONS = 6000
_WORDS_SEED = 7
_MIN_FREQUENCY = 8
"""A rarer word is noise and is encoded by character."""

_PAD, _END = "<pad>", "</s>"


def tokenizer() -> PreTrainedTokenizerFast:
    """Build the tokenizer from captions; they are the same in each run, so the tokens are too."""
    trained = Tokenizer(models.BPE())
    trained.normalizer = normalizers.Lowercase()
    trained.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=4000,
        min_frequency=_MIN_FREQUENCY,
        special_tokens=[_PAD, _END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    trained.train_from_iterator(_captions(), trainer)
    trained.post_processor = processors.TemplateProcessing(
        single=f"$A {_END}", special_tokens=[(_END, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=trained, pad_token=_PAD, eos_token=_END, model_max_length=LONGEST
    )


def _captions() -> list[str]:
    random = Random(_WORDS_SEED)
    subjects = [scene(random) if number % 2 else shape(random) for number in range(_CAPTIONS)]
    return [caption(subject, random) for subject in subjects] + [
        uninformative_caption(random) for _ in range(500)
    ]
