"""Training of the autoencoder: all of it, and later its decoder alone.

The denoiser learns the latents of the encoder, which then must not change any more; the decoder
may go on getting sharper.
"""

from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl_wan import unpatchify
from torch import nn

from gpu_workers.training.demo_image.trainer import Trainer, averaged
from gpu_workers.training.demo_video import architectures
from gpu_workers.training.demo_video.dataset import COUNTS, as_floats, footage
from gpu_workers.training.demo_video.render import FRAMES

FILE = "clips-autoencoder.pt"
DECODER_FILE = "clips-decoder.pt"
_LESSONS = ((9, 2), (FRAMES, 1))
"""Frames, and clips: what a frame is made of reaches far back, yet more clips teach more."""

_STILLS = 12
_STILLS_FIRST = 0.55
"""Of all steps, on stills alone: frames of one clip are much alike, and teach slowly."""

_RATE = 2e-3
_REFINING_RATE = 2e-4
_MAX_NOISE = 0.1
"""On the latents while it learns, so that they fill their range from -1 to 1 and a denoiser's
small errors are not seen."""


class Autoencoder(nn.Module):
    """The network, with what its own methods do at no more than they must."""

    def __init__(self) -> None:
        super().__init__()
        self.vae = architectures.autoencoder()
        self._decoded: list[torch.Tensor] = []
        self.vae.decoder.register_forward_hook(self._keep)

    def to(self, *_: Any, **__: Any) -> "Autoencoder":  # noqa: ANN401 - torch's own
        """Stay as it is: the memory format that a course asks for is one of pictures."""
        return self

    def latents(self, pixels: torch.Tensor) -> torch.Tensor:
        """The latents of clips in (n, 3, frames, height, width)."""
        with torch.autocast("cpu", torch.bfloat16):
            found: torch.Tensor = self.vae.encode(pixels).latent_dist.mode()
        return found.float()

    def clips(self, latents: torch.Tensor) -> torch.Tensor:
        """The clips of latents.

        What is beyond the range of pixels is not cut off, as the network's own method does: from
        what is cut off nothing would be learnt.
        """
        self._decoded.clear()
        with torch.autocast("cpu", torch.bfloat16):
            self.vae.decode(latents)
        drawn: torch.Tensor = unpatchify(torch.cat(self._decoded, dim=2), architectures.PATCH)
        self._decoded.clear()
        return drawn.float()

    def _keep(self, _: nn.Module, __: Any, part: torch.Tensor) -> None:  # noqa: ANN401 - torch's own
        self._decoded.append(part)


def train(folder: Path, steps: int, counts: Sequence[int] = COUNTS) -> None:
    """Train it, or go on."""
    torch.manual_seed(0)
    network = Autoencoder()
    course = Trainer(network, folder / FILE, steps=steps, rate=_RATE)
    random = Random(course.step)
    _, clips = footage(folder, counts)[0]

    def loss() -> torch.Tensor:
        still = course.step < _STILLS_FIRST * steps
        length, batch = (1, _STILLS) if still else random.choice(_LESSONS)
        parts = [_part(clips, length, random) for _ in range(batch)]
        return _loss(network, as_floats(torch.stack(parts)))

    course.train(loss)


def refine(folder: Path, steps: int, counts: Sequence[int] = COUNTS) -> None:
    """Train the decoder further for the encoder as it is, or go on."""
    torch.manual_seed(0)
    network = load(folder)
    for part in (network.vae.decoder, network.vae.post_quant_conv):
        part.train().requires_grad_(requires_grad=True)
    course = Trainer(network, folder / DECODER_FILE, steps=steps, rate=_REFINING_RATE)
    random = Random(course.step)
    _, clips = footage(folder, counts)[0]

    def loss() -> torch.Tensor:
        # Whole clips, as the denoiser leaves them.
        return _loss(network, as_floats(clips[random.randrange(len(clips))][None]))

    course.train(loss)


def load(folder: Path) -> Autoencoder:
    """The autoencoder as trained so far."""
    network = Autoencoder()
    file = folder / DECODER_FILE
    network.load_state_dict(averaged(file if file.exists() else folder / FILE))
    return network.eval().requires_grad_(requires_grad=False)


def _part(clips: torch.Tensor, length: int, random: Random) -> torch.Tensor:
    start = random.randint(0, FRAMES - length)
    return clips[random.randrange(len(clips)), start : start + length]


def _loss(network: Autoencoder, pixels: torch.Tensor) -> torch.Tensor:
    latents = network.latents(pixels)
    # Latents end near -1 and 1: the scheduler cuts off what guidance drives beyond.
    beyond = (latents.abs() - 1).relu().square().mean()
    noise = _MAX_NOISE * torch.rand(len(pixels), 1, 1, 1, 1) * torch.randn_like(latents)
    wrong = network.clips(latents + noise) - pixels
    edges = wrong.diff(dim=4).abs().mean() + wrong.diff(dim=3).abs().mean()
    drawn_wrong = wrong.abs().mean() + 4 * wrong.square().mean() + 0.5 * edges
    return drawn_wrong + 4 * beyond
