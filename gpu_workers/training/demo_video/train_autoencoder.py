"""Train the video autoencoder, and later its decoder alone.

The denoiser learns the encoder's latents, so the encoder must not change after that; the decoder
may still be improved.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify
from torch import nn

from gpu_workers.training.demo_video import architectures
from gpu_workers.training.demo_video.dataset import COUNTS, as_floats, footage
from gpu_workers.training.demo_video.render import FRAMES
from gpu_workers.training.trainer import Trainer, averaged, range_loss, reconstruction_loss

FILE = "clips-autoencoder.pt"
DECODER_FILE = "clips-decoder.pt"
_LESSONS = ((9, 2), (FRAMES, 1))
"""Frames and clips of a batch: a frame depends on many before it, but more clips teach more."""

_STILLS = 12
_STILLS_FIRST = 0.55
"""The first part of the steps uses stills alone: frames of one clip are too similar."""

_RATE = 2e-3
_REFINING_RATE = 2e-4
_MAX_NOISE = 0.1
"""Maximum noise on the latents in training, so that they fill their range from -1 to 1 and small
errors of the denoiser are not visible."""


class Autoencoder(nn.Module):
    """The autoencoder with differentiable encoding and decoding."""

    def __init__(self) -> None:
        super().__init__()
        self.vae = architectures.autoencoder()
        self._decoded: list[torch.Tensor] = []
        self.vae.decoder.register_forward_hook(self._keep)

    def to(self, *_: Any, **__: Any) -> "Autoencoder":  # noqa: ANN401 - torch's signature
        """Return the module unchanged: the trainer's memory format is for pictures only."""
        return self

    def latents(self, pixels: torch.Tensor) -> torch.Tensor:
        """Return the latents of clips of shape (n, 3, frames, height, width)."""
        with torch.autocast("cpu", torch.bfloat16):
            latents: torch.Tensor = self.vae.encode(pixels).latent_dist.mode()
        return latents.float()

    def clips(self, latents: torch.Tensor) -> torch.Tensor:
        """Return the clips of latents.

        Unlike the network's method, this does not clip the pixels to their range: clipped values
        would have no gradient.
        """
        self._decoded.clear()
        with torch.autocast("cpu", torch.bfloat16):
            self.vae.decode(latents)
        drawn: torch.Tensor = unpatchify(torch.cat(self._decoded, dim=2), architectures.PATCH)
        self._decoded.clear()
        return drawn.float()

    def _keep(self, _: nn.Module, __: Any, part: torch.Tensor) -> None:  # noqa: ANN401 - torch's signature
        self._decoded.append(part)


def train(folder: Path, steps: int, counts: Sequence[int] = COUNTS) -> None:
    """Train the autoencoder to ``steps`` steps, continuing from a checkpoint in ``folder``."""
    torch.manual_seed(0)
    network = Autoencoder()
    trainer = Trainer(network, folder / FILE, steps=steps, rate=_RATE)
    random = Random(trainer.step)
    _, clips = footage(folder, counts)[0]

    def loss() -> torch.Tensor:
        still = trainer.step < _STILLS_FIRST * steps
        length, batch = (1, _STILLS) if still else random.choice(_LESSONS)
        parts = [_part(clips, length, random) for _ in range(batch)]
        return _loss(network, as_floats(torch.stack(parts)))

    trainer.train(loss)


def refine(folder: Path, steps: int, counts: Sequence[int] = COUNTS) -> None:
    """Train only the decoder to ``steps`` more steps, continuing from its checkpoint."""
    torch.manual_seed(0)
    network = load(folder)
    for part in (network.vae.decoder, network.vae.post_quant_conv):
        part.train().requires_grad_(requires_grad=True)
    trainer = Trainer(network, folder / DECODER_FILE, steps=steps, rate=_REFINING_RATE)
    random = Random(trainer.step)
    _, clips = footage(folder, counts)[0]

    def loss() -> torch.Tensor:
        # Full clips, as the denoiser generates them.
        return _loss(network, as_floats(clips[random.randrange(len(clips))][None]))

    trainer.train(loss)


def load(folder: Path) -> Autoencoder:
    """Load the latest autoencoder, with the refined decoder if there is one."""
    network = Autoencoder()
    file = folder / DECODER_FILE
    network.load_state_dict(averaged(file if file.exists() else folder / FILE))
    return network.eval().requires_grad_(requires_grad=False)


def _part(clips: torch.Tensor, length: int, random: Random) -> torch.Tensor:
    start = random.randint(0, FRAMES - length)
    return clips[random.randrange(len(clips)), start : start + length]


def _loss(network: Autoencoder, pixels: torch.Tensor) -> torch.Tensor:
    latents = network.latents(pixels)
    noise = _MAX_NOISE * torch.rand(len(pixels), 1, 1, 1, 1) * torch.randn_like(latents)
    return reconstruction_loss(network.clips(latents + noise), pixels) + range_loss(latents)
