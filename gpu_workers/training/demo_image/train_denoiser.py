"""Training of the SDXL demo model's denoiser, with its text encoders."""

from pathlib import Path
from random import Random

import torch
from diffusers import DDIMScheduler
from diffusers.models.attention_processor import AttnProcessor
from torch import nn

from gpu_workers.training.demo_image import architectures, train_autoencoder
from gpu_workers.training.demo_image.dataset import SHARES, SIZES, as_floats, pictures
from gpu_workers.training.demo_image.subjects import Subject, training_subject
from gpu_workers.training.demo_image.text_conditioning import Reader
from gpu_workers.training.demo_image.tokenizer import tokenizer
from gpu_workers.training.demo_image.trainer import Trainer

FILE = "sdxl.pt"
_BATCH = 16
_DRAWINGS = 14_000
_DRAWINGS_SEED = 2
_RATE = 1.2e-3
_DRAWN_WEIGHT = 4
_DRAWN_APART = 0.25
"""Of the largest distance from the background."""

_NEAR = 5
"""Latents, to a side of the square around each that is drawn."""

_READING = 0.02
"""How much what the text encoders misread counts beside what the denoiser gets wrong."""

_READING_BATCH = 64
_READING_RATE = 2e-3
_READING_STEPS = 250
_AT_ONCE = 50

Shelves = dict[tuple[int, int], tuple[list[Subject], torch.Tensor]]


class TrainableModel(nn.Module):
    """What is trained together: the denoiser and the text encoders."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = Reader(tokenizer())
        self.unet = architectures.unet()

    def train_fast(self) -> None:
        """Attend by plain products: PyTorch's own attention is slow backwards on a CPU."""
        self.unet.set_attn_processor(AttnProcessor())
        for encoder in (self.reader.first, self.reader.second):
            encoder.set_attn_implementation("eager")


def noising() -> architectures.Network:
    """The schedule of noise: the last step is noise alone, as the first one of drawing is."""
    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


def train(folder: Path, steps: int) -> None:
    """Train it, or go on."""
    torch.manual_seed(0)
    painter = TrainableModel()
    painter.train_fast()
    course = Trainer(painter, folder / FILE, steps=steps, rate=_RATE)
    torch.manual_seed(course.step)
    random = Random(course.step)
    if course.step == 0:
        _learn_to_read(painter.reader, random)
    shelves = _latent_datasets(folder)

    def loss() -> torch.Tensor:
        size = random.choices(SIZES, SHARES)[0]
        subjects, latents = shelves[size]
        places = random.choices(range(len(subjects)), k=_BATCH)
        read, misread = painter.reader.training_batch([subjects[place] for place in places], random)
        return _loss(painter.unet, latents[places].float(), *read) + _READING * misread

    course.train(loss)


def _learn_to_read(reader: Reader, random: Random) -> None:
    """The text encoders alone, for a start: a lesson without pictures costs little."""
    optimiser = torch.optim.AdamW(reader.parameters(), _READING_RATE)
    for step in range(_READING_STEPS):
        _, misread = reader.training_batch(
            [training_subject(random) for _ in range(_READING_BATCH)], random
        )
        misread.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        optimiser.zero_grad()
        if step % 50 == 0:
            print(f"reading {step} loss {misread.item():.3f}", flush=True)  # noqa: T201 - it talks to whoever trains


def _loss(
    unet: architectures.Network, latents: torch.Tensor, words: torch.Tensor, pooled: torch.Tensor
) -> torch.Tensor:
    scheduler = noising()
    noise = torch.randn_like(latents)
    # A little more often where there is most noise: there colours and places are decided.
    spread = (torch.arange(len(latents)) + torch.rand(len(latents))) / len(latents)
    times = (1000 * spread**0.75).long()
    noisy = scheduler.add_noise(latents, noise, times)
    high, wide = (side * architectures.LATENT_FACTOR for side in latents.shape[2:])
    sizes = torch.tensor([[high, wide, 0, 0, high, wide]], dtype=torch.float32)
    with torch.autocast("cpu", torch.bfloat16):
        velocity = unet(
            noisy.contiguous(memory_format=torch.channels_last),
            times,
            encoder_hidden_states=words,
            added_cond_kwargs={
                "text_embeds": pooled,
                "time_ids": sizes.repeat(len(latents), 1),
            },
        ).sample
    wanted = scheduler.get_velocity(latents, noise, times)
    wrong: torch.Tensor = (velocity.float() - wanted).square() * _weights(latents)
    return wrong.mean()


def _weights(latents: torch.Tensor) -> torch.Tensor:
    """More at and around what a picture shows: a shape covers little of it.

    Around it as much as on it: were only the shape to count, to fill too much would cost less
    than to fill too little, and every star would become a blob.
    """
    background = latents.flatten(2).median(dim=2).values[:, :, None, None]
    apart = (latents - background).abs().mean(dim=1, keepdim=True)
    drawn = apart / apart.amax(dim=(2, 3), keepdim=True) > _DRAWN_APART
    near = nn.functional.max_pool2d(drawn.float(), _NEAR, stride=1, padding=_NEAR // 2)
    weights: torch.Tensor = 1 + _DRAWN_WEIGHT * near
    return weights / weights.mean(dim=(2, 3), keepdim=True)


def _latent_datasets(folder: Path) -> Shelves:
    """Subjects and their drawings' latents for each size, made once and kept."""
    file = folder / "latents.pt"
    random = Random(_DRAWINGS_SEED)
    counts = {size: round(_DRAWINGS * share) for size, share in zip(SIZES, SHARES, strict=True)}
    subjects = {
        size: [training_subject(random) for _ in range(count)] for size, count in counts.items()
    }
    if not file.exists():
        autoencoder = train_autoencoder.load(folder)
        made = {size: _encoded(autoencoder, some, size) for size, some in subjects.items()}
        torch.save(made, file)
    kept: dict[tuple[int, int], torch.Tensor] = torch.load(file, weights_only=True)
    return {size: (some, kept[size]) for size, some in subjects.items()}


def _encoded(
    autoencoder: architectures.Network, subjects: list[Subject], size: tuple[int, int]
) -> torch.Tensor:
    parts = [subjects[at : at + _AT_ONCE] for at in range(0, len(subjects), _AT_ONCE)]
    latents = [
        train_autoencoder.encoded(autoencoder, as_floats(pictures(part, size))) for part in parts
    ]
    return torch.cat(latents).bfloat16()
