"""Train the SDXL demo model's denoiser and text encoders."""

from pathlib import Path
from random import Random

import torch
from diffusers import DDIMScheduler
from diffusers.models.attention_processor import AttnProcessor
from torch import nn

from gpu_workers.training import attributes
from gpu_workers.training.demo_image import architectures, train_autoencoder
from gpu_workers.training.demo_image.dataset import SHARES, SIZES, as_floats, pictures
from gpu_workers.training.demo_image.subjects import Subject, training_subject
from gpu_workers.training.demo_image.text_conditioning import Reader
from gpu_workers.training.demo_image.tokenizer import tokenizer
from gpu_workers.training.trainer import Trainer, subject_weights

FILE = "sdxl.pt"
_BATCH = 16
_DRAWINGS = 14_000
_DRAWINGS_SEED = 2
_RATE = 1.2e-3
_OBJECT_WEIGHT = 4
_OBJECT_DISTANCE = 0.25
"""A latent is of the object from this part of the largest distance to the background on."""

_READING = 0.02
"""The weight of the text encoders' attribute loss in the total loss."""

_ENCODE_BATCH = 50

Shelves = dict[tuple[int, int], tuple[list[Subject], torch.Tensor]]


class TrainableModel(nn.Module):
    """The denoiser and the text encoders, which are trained together."""

    def __init__(self) -> None:
        super().__init__()
        self.reader = Reader(tokenizer())
        self.unet = architectures.unet()

    def train_fast(self) -> None:
        """Use plain matrix products for attention: PyTorch's is slow in backward on a CPU."""
        self.unet.set_attn_processor(AttnProcessor())
        for encoder in (self.reader.first, self.reader.second):
            encoder.set_attn_implementation("eager")


def noising() -> architectures.Network:
    """Return the noise schedule: its last step is pure noise, as the first of inference."""
    return DDIMScheduler(
        beta_schedule="squaredcos_cap_v2",
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
    )


def train(folder: Path, steps: int) -> None:
    """Train the model to ``steps`` steps, continuing from a checkpoint in ``folder``."""
    torch.manual_seed(0)
    model = TrainableModel()
    model.train_fast()
    trainer = Trainer(model, folder / FILE, steps=steps, rate=_RATE)
    torch.manual_seed(trainer.step)
    random = Random(trainer.step)
    if trainer.step == 0:

        def reading_loss() -> torch.Tensor:
            subjects = [training_subject(random) for _ in range(attributes.PRETRAINING_BATCH)]
            return model.reader.training_batch(subjects, random)[1]

        attributes.pretrain(model.reader, reading_loss, steps)
    shelves = _latent_datasets(folder)

    def loss() -> torch.Tensor:
        size = random.choices(SIZES, SHARES)[0]
        subjects, latents = shelves[size]
        indexes = random.choices(range(len(subjects)), k=_BATCH)
        batch = [subjects[index] for index in indexes]
        encodings, reading_loss = model.reader.training_batch(batch, random)
        return _loss(model.unet, latents[indexes].float(), *encodings) + _READING * reading_loss

    trainer.train(loss)


def _loss(
    unet: architectures.Network, latents: torch.Tensor, words: torch.Tensor, pooled: torch.Tensor
) -> torch.Tensor:
    scheduler = noising()
    noise = torch.randn_like(latents)
    # Slightly more samples with much noise: colours and positions are decided there.
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
    target = scheduler.get_velocity(latents, noise, times)
    error: torch.Tensor = (velocity.float() - target).square() * _weights(latents)
    return error.mean()


def _weights(latents: torch.Tensor) -> torch.Tensor:
    background = latents.flatten(2).median(dim=2).values[:, :, None, None]
    distance = (latents - background).abs().mean(dim=1, keepdim=True)
    is_object = distance / distance.amax(dim=(2, 3), keepdim=True) > _OBJECT_DISTANCE
    return subject_weights(is_object, _OBJECT_WEIGHT)


def _latent_datasets(folder: Path) -> Shelves:
    """Return subjects and the latents of their drawings by size; the latents are cached."""
    file = folder / "latents.pt"
    random = Random(_DRAWINGS_SEED)
    counts = {size: round(_DRAWINGS * share) for size, share in zip(SIZES, SHARES, strict=True)}
    subjects = {
        size: [training_subject(random) for _ in range(count)] for size, count in counts.items()
    }
    if not file.exists():
        autoencoder = train_autoencoder.load(folder)
        encoded = {size: _encoded(autoencoder, group, size) for size, group in subjects.items()}
        torch.save(encoded, file)
    latents: dict[tuple[int, int], torch.Tensor] = torch.load(file, weights_only=True)
    return {size: (group, latents[size]) for size, group in subjects.items()}


def _encoded(
    autoencoder: architectures.Network, subjects: list[Subject], size: tuple[int, int]
) -> torch.Tensor:
    starts = range(0, len(subjects), _ENCODE_BATCH)
    parts = [subjects[start : start + _ENCODE_BATCH] for start in starts]
    latents = [
        train_autoencoder.encoded(autoencoder, as_floats(pictures(part, size))) for part in parts
    ]
    return torch.cat(latents).bfloat16()
