"""Training of the denoiser of clips, with its text encoder."""

from collections.abc import Sequence
from pathlib import Path
from random import Random

import torch
from torch import nn

from gpu_workers.training.demo_image.trainer import Trainer
from gpu_workers.training.demo_video import architectures, train_autoencoder
from gpu_workers.training.demo_video.attention import SimpleWanAttnProcessor, with_rest
from gpu_workers.training.demo_video.dataset import COUNTS, Shelf, as_floats, footage
from gpu_workers.training.demo_video.position_init import init_positions
from gpu_workers.training.demo_video.position_loss import Whereabouts
from gpu_workers.training.demo_video.subjects import Moving, taught
from gpu_workers.training.demo_video.text_conditioning import Reader
from gpu_workers.training.demo_video.tokenizer import tokenizer

FILE = "clips-wan.pt"
_BATCH = 16
_SHARES = (0.9, 0.06, 0.04)
"""Of the lessons on square, wide and tall clips."""

_STILLS = 0.15
"""Lessons on a clip's first frame alone, which is what a job for a picture asks for."""

_STILLS_FIRST = 0.12
"""Of all steps, on stills alone: they cost half, and places and words are learnt there."""

_STILLS_BATCH = 48
_RATE = 1.5e-3
_MOVING_WEIGHT = 3
_MOVES = 0.3
"""Of the most that any latent of the clip changes."""

_NEAR = 5
_READING = 0.02
_PLACING = 0.05
_READING_BATCH = 64
_READING_RATE = 2e-3
_READING_STEPS = 250
_DRIVEN = 0.5
_MAX_DRIVEN = 2.5
_MIN_DRIVEN = 0.3
"""Where there is less noise nothing moves any more."""

_AT_ONCE = 8
_KEY = 0.02


class TrainableModel(nn.Module):
    """What is trained together: the denoiser and the text encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = Reader(tokenizer())
        self.transformer = architectures.transformer()
        _heed_words(self.transformer)
        init_positions(self.transformer)
        self.whereabouts = Whereabouts(self.transformer)

    def to(self, *_: object, **__: object) -> "TrainableModel":
        """Stay as it is: the memory format that a course asks for is one of pictures."""
        return self


def train(folder: Path, steps: int, counts: Sequence[int] = COUNTS) -> None:
    """Train it, or go on."""
    torch.manual_seed(0)
    filmer = TrainableModel()
    for block in filmer.transformer.blocks:
        block.attn1.set_processor(SimpleWanAttnProcessor())
        block.attn2.set_processor(SimpleWanAttnProcessor())
    course = Trainer(filmer, folder / FILE, steps=steps, rate=_RATE)
    torch.manual_seed(course.step)
    random = Random(course.step)
    if course.step == 0:
        _learn_to_read(filmer.reader, min(steps, _READING_STEPS), random)
    stock = shelves(folder, counts)

    def loss() -> torch.Tensor:
        subjects, latents = random.choices(stock, _SHARES)[0]
        still = course.step < _STILLS_FIRST * steps or random.random() < _STILLS
        places = random.choices(range(len(subjects)), k=_STILLS_BATCH if still else _BATCH)
        some = [subjects[place] for place in places]
        words, misread = filmer.reader.lesson(some, random)
        clips = latents[places].float()
        shown = clips[:, :, :1] if still else clips
        wrong = _loss(filmer.transformer, shown, words)
        misplaced = filmer.whereabouts.loss(some, shown)
        return wrong + _READING * misread + _PLACING * misplaced

    course.train(loss)


@torch.no_grad()
def _heed_words(transformer: architectures.Network) -> None:
    """Begin with an eye for what is written: nearly all of a prompt's 512 words are zeros.

    Their key and every query's constant part begin opposite to each other.
    """
    embedder = transformer.condition_embedder.text_embedder
    for layer in (embedder.linear_1, embedder.linear_2):
        layer.bias.zero_()
    for block in transformer.blocks:
        sign = torch.randint(2, block.attn2.to_k.bias.shape) * 2.0 - 1
        block.attn2.to_k.bias.copy_(_KEY * sign)
        block.attn2.to_q.bias.copy_(-sign)


def _learn_to_read(reader: Reader, steps: int, random: Random) -> None:
    """The text encoder alone, for a start: a lesson without clips costs little."""
    optimiser = torch.optim.AdamW(reader.parameters(), _READING_RATE)
    for step in range(steps):
        _, misread = reader.lesson([taught(random) for _ in range(_READING_BATCH)], random)
        misread.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
        if step % 50 == 0:
            print(f"reading {step} loss {misread.item():.3f}", flush=True)  # noqa: T201 - it talks to whoever trains


def _loss(
    transformer: architectures.Network, latents: torch.Tensor, words: torch.Tensor
) -> torch.Tensor:
    noise = torch.randn_like(latents)
    # More often where there is more noise: there colours, places and ways are decided.
    spread = (torch.arange(len(latents)) + torch.rand(len(latents))) / len(latents)
    levels = spread**0.25
    part = levels[:, None, None, None, None]
    noisy = (1 - part) * _guidance_augmentation(latents, levels) + part * noise
    with torch.autocast("cpu", torch.bfloat16):
        flow = transformer(noisy, 1000 * levels, with_rest(words)).sample
    wrong: torch.Tensor = (flow.float() - (noisy - latents) / part).square() * _weights(latents)
    return wrong.mean()


def _guidance_augmentation(latents: torch.Tensor, levels: torch.Tensor) -> torch.Tensor:
    """Some of the clips as guidance leaves them half-way: further from the mean than they are.

    Learning to lead them back, the denoiser does not go on from guidance's own mistakes.
    """
    far = _MAX_DRIVEN * torch.rand(len(latents)) * (torch.rand(len(latents)) < _DRIVEN)
    far = (far * (levels > _MIN_DRIVEN))[:, None, None, None, None]
    return (latents + far * (latents - latents.mean(dim=0))).clamp(-1, 1)


def _weights(latents: torch.Tensor) -> torch.Tensor:
    """More at and around what moves: it covers little of a clip.

    Around it as much as on it: were only the thing itself to count, to fill too much would cost
    less than to fill too little, and every star would become a blob.
    """
    changes = (latents - latents.mean(dim=2, keepdim=True)).abs().mean(dim=(1, 2))
    moves = changes > _MOVES * changes.amax(dim=(1, 2), keepdim=True)
    near = nn.functional.max_pool2d(moves[:, None].float(), _NEAR, stride=1, padding=_NEAR // 2)
    weights: torch.Tensor = 1 + _MOVING_WEIGHT * near[:, :, None]
    return weights / weights.mean(dim=(3, 4), keepdim=True)


def shelves(folder: Path, counts: Sequence[int] = COUNTS) -> list[Shelf]:
    """Subjects and their clips' latents for each size, made once and kept."""
    file = folder / "clips-latents.pt"
    drawn = footage(folder, counts)
    if not file.exists():
        autoencoder = train_autoencoder.load(folder)
        torch.save([_encoded(autoencoder, *shelf) for shelf in drawn], file)
    kept: list[torch.Tensor] = torch.load(file, weights_only=True)
    return [(subjects, some) for (subjects, _), some in zip(drawn, kept, strict=True)]


@torch.no_grad()
def _encoded(
    autoencoder: train_autoencoder.Autoencoder, subjects: list[Moving], clips: torch.Tensor
) -> torch.Tensor:
    """Each subject's once: a landscape comes many times."""
    firsts = {subject: place for place, subject in reversed(list(enumerate(subjects)))}
    latents: dict[Moving, torch.Tensor] = {}
    unique = list(firsts)
    for part in (unique[at : at + _AT_ONCE] for at in range(0, len(unique), _AT_ONCE)):
        pixels = as_floats(clips[[firsts[subject] for subject in part]])
        found = autoencoder.latents(pixels).clamp(-1, 1).bfloat16()
        latents |= dict(zip(part, found, strict=True))
    return torch.stack([latents[subject] for subject in subjects])
