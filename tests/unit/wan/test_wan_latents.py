"""Previews: colours are recovered from a clip's latents, for any autoencoder."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

CHANNELS, SIDE = 16, 8


class Autoencoder:
    """Encodes 8 x 8 pixel squares to 16 mixtures of their colours, with any offset and spread."""

    def __init__(self) -> None:
        import torch  # noqa: PLC0415 - it takes seconds to import

        self.device, self.dtype = torch.device("cpu"), torch.float32
        drawn = torch.Generator().manual_seed(1)
        self._mixed = torch.randn(CHANNELS, 3, generator=drawn)
        self._centre = torch.randn(CHANNELS, 1, generator=drawn)
        self.config = SimpleNamespace(
            latents_mean=torch.randn(CHANNELS, generator=drawn).tolist(),
            latents_std=(torch.rand(CHANNELS, generator=drawn) + 0.5).tolist(),
        )

    def encode(self, frames: Any) -> Any:  # noqa: ANN401 - as diffusers' own
        import torch  # noqa: PLC0415 - it takes seconds to import

        small = torch.nn.functional.avg_pool3d(frames, (1, SIDE, SIDE))
        mixed = torch.einsum("ck,nkfyx->ncfyx", self._mixed, small)
        mixed += self._centre.view(1, CHANNELS, 1, 1, 1)
        return SimpleNamespace(latent_dist=SimpleNamespace(mode=lambda: mixed))


def filmed(vae: Autoencoder, picture: Image.Image, frames: int) -> Any:  # noqa: ANN401 - a tensor
    """Return the latents of a still clip, in the pipeline's shape."""
    import torch  # noqa: PLC0415 - it takes seconds to import

    pixels = torch.from_numpy(np.asarray(picture).copy()).float() / 127.5 - 1
    encoded = vae.encode(pixels.permute(2, 0, 1)[None, :, None].repeat(1, 1, frames, 1, 1))
    own = (torch.tensor(one) for one in (vae.config.latents_mean, vae.config.latents_std))
    mean, std = (one.view(1, -1, 1, 1, 1) for one in own)
    return (encoded.latent_dist.mode() - mean) / std


@pytest.mark.parametrize("frames", [1, 3])
def test_a_preview_has_the_places_and_the_colours_of_what_is_filmed(frames: int) -> None:
    from gpu_workers.wan.latent_preview import Latents  # noqa: PLC0415 - it takes seconds to import

    picture = Image.new("RGB", (64, 32), (20, 60, 200))
    picture.paste((230, 40, 30), (0, 0, 32, 32))
    vae = Autoencoder()
    latents = Latents(SimpleNamespace(vae=vae, vae_scale_factor_spatial=SIDE))
    shown = latents.preview(filmed(vae, picture, frames))
    assert shown.size == (8, 4)
    small = np.asarray(picture.resize(shown.size, Image.Resampling.BOX)).astype(int)
    assert np.abs(np.asarray(shown).astype(int) - small).max() <= 4
