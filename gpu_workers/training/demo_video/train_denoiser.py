"""Train the video denoiser and its text encoder."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import torch
from torch import nn

from gpu_workers.training import attributes
from gpu_workers.training.demo_video import architectures, train_autoencoder
from gpu_workers.training.demo_video.attention import SimpleWanAttnProcessor, with_rest
from gpu_workers.training.demo_video.dataset import COUNTS, Shelf, as_floats, footage
from gpu_workers.training.demo_video.position_init import init_positions
from gpu_workers.training.demo_video.position_loss import PositionHead
from gpu_workers.training.demo_video.subjects import Moving, taught
from gpu_workers.training.demo_video.text_conditioning import Reader
from gpu_workers.training.demo_video.tokenizer import tokenizer
from gpu_workers.training.trainer import Trainer, subject_weights

FILE = "clips-wan.pt"
_BATCH = 16
_SHARES = (0.9, 0.06, 0.04)
"""The parts of square, wide and tall clips."""

_STILLS = 0.15
"""The part of the batches with a clip's first frame alone, as in a job for a picture."""

_STILLS_FIRST = 0.12
"""The first part of the steps uses stills alone: they cost half, and teach positions and words."""

_STILLS_BATCH = 48
_RATE = 1.5e-3
_MOVING_WEIGHT = 3
_MOVES = 0.3
"""A latent moves if it changes by this part of the clip's largest change."""

_READING = 0.02
_PLACING = 0.05
_DRIVEN = 0.5
"""The part of the clips that are moved away from the mean."""

_MAX_DRIVEN = 2.5
_MIN_DRIVEN = 0.3
"""Below this noise level nothing moves any more."""

_ENCODE_BATCH = 8
_KEY = 0.02


class TrainableModel(nn.Module):
    """The denoiser and the text encoder, which are trained together."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = Reader(tokenizer())
        self.transformer = architectures.transformer()
        _init_text_attention(self.transformer)
        init_positions(self.transformer)
        self.position_head = PositionHead(self.transformer)

    def to(self, *_: object, **__: object) -> "TrainableModel":
        """Return the module unchanged: the trainer's memory format is for pictures only."""
        return self


def train(folder: Path, steps: int, counts: Sequence[int] = COUNTS) -> None:
    """Train the model to ``steps`` steps, continuing from a checkpoint in ``folder``."""
    torch.manual_seed(0)
    model = TrainableModel()
    for block in model.transformer.blocks:
        block.attn1.set_processor(SimpleWanAttnProcessor())
        block.attn2.set_processor(SimpleWanAttnProcessor())
    trainer = Trainer(model, folder / FILE, steps=steps, rate=_RATE)
    torch.manual_seed(trainer.step)
    random = Random(trainer.step)
    if trainer.step == 0:

        def reading_loss() -> torch.Tensor:
            subjects = [taught(random) for _ in range(attributes.PRETRAINING_BATCH)]
            return model.reader.training_batch(subjects, random)[1]

        attributes.pretrain(model.reader, reading_loss, steps)
    stock = shelves(folder, counts)

    def loss() -> torch.Tensor:
        subjects, latents = random.choices(stock, _SHARES)[0]
        still = trainer.step < _STILLS_FIRST * steps or random.random() < _STILLS
        indexes = random.choices(range(len(subjects)), k=_STILLS_BATCH if still else _BATCH)
        batch = [subjects[index] for index in indexes]
        words, reading_loss = model.reader.training_batch(batch, random)
        clips = latents[indexes].float()
        shown = clips[:, :, :1] if still else clips
        denoising_loss = _loss(model.transformer, shown, words)
        position_loss = model.position_head.loss(batch, shown)
        return denoising_loss + _READING * reading_loss + _PLACING * position_loss

    trainer.train(loss)


@torch.no_grad()
def _init_text_attention(transformer: architectures.Network) -> None:
    """Initialise cross-attention to ignore zeros: nearly all of a prompt's 512 tokens are zeros.

    Their key and the constant part of every query start with opposite signs.
    """
    embedder = transformer.condition_embedder.text_embedder
    for layer in (embedder.linear_1, embedder.linear_2):
        layer.bias.zero_()
    for block in transformer.blocks:
        sign = torch.randint(2, block.attn2.to_k.bias.shape) * 2.0 - 1
        block.attn2.to_k.bias.copy_(_KEY * sign)
        block.attn2.to_q.bias.copy_(-sign)


def _loss(
    transformer: architectures.Network, latents: torch.Tensor, words: torch.Tensor
) -> torch.Tensor:
    noise = torch.randn_like(latents)
    # More samples with much noise: colours, positions and directions are decided there.
    spread = (torch.arange(len(latents)) + torch.rand(len(latents))) / len(latents)
    levels = spread**0.25
    part = levels[:, None, None, None, None]
    noisy = (1 - part) * _guidance_augmentation(latents, levels) + part * noise
    with torch.autocast("cpu", torch.bfloat16):
        flow = transformer(noisy, 1000 * levels, with_rest(words)).sample
    error: torch.Tensor = (flow.float() - (noisy - latents) / part).square() * _weights(latents)
    return error.mean()


def _guidance_augmentation(latents: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Move some of the clips away from the mean, as guidance does half-way through inference.

    The denoiser learns to correct them, so that it does not amplify the errors of guidance.
    """
    far = _MAX_DRIVEN * torch.rand(len(latents)) * (torch.rand(len(latents)) < _DRIVEN)
    far = (far * (levels > _MIN_DRIVEN))[:, None, None, None, None]
    return (latents + far * (latents - latents.mean(dim=0))).clamp(-1, 1)


def _weights(latents: torch.Tensor) -> torch.Tensor:
    changes = (latents - latents.mean(dim=2, keepdim=True)).abs().mean(dim=(1, 2))
    moves = changes > _MOVES * changes.amax(dim=(1, 2), keepdim=True)
    return subject_weights(moves[:, None], _MOVING_WEIGHT)[:, :, None]


def shelves(folder: Path, counts: Sequence[int] = COUNTS) -> list[Shelf]:
    """Return subjects and their clips' latents for each size; the latents are cached.

    Args:
        folder: the folder of the checkpoints and caches.
        counts: the number of clips of each size.
    """
    file = folder / "clips-latents.pt"
    drawn = footage(folder, counts)
    if not file.exists():
        autoencoder = train_autoencoder.load(folder)
        torch.save([_encoded(autoencoder, *shelf) for shelf in drawn], file)
    cached: list[torch.Tensor] = torch.load(file, weights_only=True)
    return [(subjects, latents) for (subjects, _), latents in zip(drawn, cached, strict=True)]


@torch.no_grad()
def _encoded(
    autoencoder: train_autoencoder.Autoencoder, subjects: list[Moving], clips: torch.Tensor
) -> torch.Tensor:
    """Encode each distinct subject once: a landscape occurs many times."""
    firsts = {subject: index for index, subject in reversed(list(enumerate(subjects)))}
    latents: dict[Moving, torch.Tensor] = {}
    unique = list(firsts)
    starts = range(0, len(unique), _ENCODE_BATCH)
    for part in (unique[start : start + _ENCODE_BATCH] for start in starts):
        pixels = as_floats(clips[[firsts[subject] for subject in part]])
        encoded = autoencoder.latents(pixels).clamp(-1, 1).bfloat16()
        latents |= dict(zip(part, encoded, strict=True))
    return torch.stack([latents[subject] for subject in subjects])
