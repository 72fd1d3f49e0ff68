"""The tokenizer of the demo model of clips: the captions' words whole, others letter by letter."""

from random import Random

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from gpu_workers.training.demo_image.captions import uninformative_caption
from gpu_workers.training.demo_video.captions import caption
from gpu_workers.training.demo_video.subjects import scene, shape

LONGEST = 512
"""What a Wan reads at most."""

_CAPTIONS = 6000
_WORDS_SEED = 7
_MIN_OFTEN = 8
"""A word that comes more rarely than this is noise, and stays letters."""

_PAD, _END = "<pad>", "</s>"


def tokenizer() -> PreTrainedTokenizerFast:
    """Build it from captions; the same ones each time, so the same tokens."""
    one = Tokenizer(models.BPE())
    one.normalizer = normalizers.Lowercase()
    one.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    trainer = trainers.BpeTrainer(
        vocab_size=4000,
        min_frequency=_MIN_OFTEN,
        special_tokens=[_PAD, _END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    one.train_from_iterator(_captions(), trainer)
    one.post_processor = processors.TemplateProcessing(
        single=f"$A {_END}", special_tokens=[(_END, 1)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=one, pad_token=_PAD, eos_token=_END, model_max_length=LONGEST
    )


def _captions() -> list[str]:
    random = Random(_WORDS_SEED)
    subjects = [scene(random) if number % 2 else shape(random) for number in range(_CAPTIONS)]
    return [caption(subject, random) for subject in subjects] + [
        uninformative_caption(random) for _ in range(500)
    ]
