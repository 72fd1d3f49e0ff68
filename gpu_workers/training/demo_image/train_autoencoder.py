"""Train the autoencoder, and later its decoder alone.

The denoiser learns the encoder's latents, so the encoder must not change after that; the decoder
may still be improved.
"""

from pathlib import Path

import torch
from torch import nn

from gpu_workers.training.demo_image import architectures
from gpu_workers.training.demo_image.dataset import Gallery, as_floats
from gpu_workers.training.demo_image.subjects import training_subject
from gpu_workers.training.trainer import Trainer, averaged, range_loss, reconstruction_loss

FILE = "autoencoder.pt"
DECODER_FILE = "decoder.pt"
_BATCH = 16
_DRAWINGS = 8000
_RATE = 2e-3
_REFINING_RATE = 1e-3
_MAX_NOISE = 0.12
"""Maximum noise on the latents in training, so that they fill their range from -1 to 1 and small
errors of the denoiser are not visible."""

_REFINING_NOISE = 0.06


def train(folder: Path, steps: int) -> None:
    """Train the autoencoder to ``steps`` steps, continuing from a checkpoint in ``folder``."""
    torch.manual_seed(0)
    network = architectures.autoencoder()
    trainer = Trainer(network, folder / FILE, steps=steps, rate=_RATE)
    gallery = Gallery(training_subject, _DRAWINGS, seed=1)
    draws = gallery.batches(_BATCH, seed=trainer.step)

    def loss() -> torch.Tensor:
        size, places = next(draws)
        pixels = as_floats(gallery.shelves[size][1][places])
        with torch.autocast("cpu", torch.bfloat16):
            latents = network.encoder(pixels).float()
        return _loss(network.decoder, latents, pixels, _MAX_NOISE) + range_loss(latents)

    trainer.train(loss)


def refine(folder: Path, steps: int) -> None:
    """Train only the decoder to ``steps`` more steps, continuing from its checkpoint."""
    torch.manual_seed(0)
    network = load(folder)
    decoder = network.decoder.train().requires_grad_(requires_grad=True)
    trainer = Trainer(decoder, folder / DECODER_FILE, steps=steps, rate=_REFINING_RATE)
    gallery = Gallery(training_subject, _DRAWINGS, seed=3 + trainer.step)
    draws = gallery.batches(_BATCH, seed=trainer.step)

    def loss() -> torch.Tensor:
        size, places = next(draws)
        pixels = as_floats(gallery.shelves[size][1][places])
        return _loss(decoder, encoded(network, pixels), pixels, _REFINING_NOISE)

    trainer.train(loss)


def load(folder: Path) -> architectures.Network:
    """Load the latest autoencoder, with the refined decoder if there is one."""
    network = architectures.autoencoder()
    network.load_state_dict(averaged(folder / FILE))
    if (folder / DECODER_FILE).exists():
        network.decoder.load_state_dict(averaged(folder / DECODER_FILE))
    return network.eval().requires_grad_(requires_grad=False)


@torch.no_grad()
def encoded(network: architectures.Network, pixels: torch.Tensor) -> torch.Tensor:
    """Return the latents of pictures, limited to -1 to 1 as in inference."""
    with torch.autocast("cpu", torch.bfloat16):
        latents: torch.Tensor = network.encoder(pixels).float().clamp(-1, 1)
    return latents


def _loss(
    decoder: nn.Module, latents: torch.Tensor, pixels: torch.Tensor, max_noise: float
) -> torch.Tensor:
    noise = max_noise * torch.rand(len(pixels), 1, 1, 1) * torch.randn_like(latents)
    with torch.autocast("cpu", torch.bfloat16):
        decoded = decoder(latents + noise).float()
    return reconstruction_loss(decoded, pixels)
