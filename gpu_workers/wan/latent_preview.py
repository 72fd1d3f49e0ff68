"""What a film looks like before it is decoded, by one matrix from latents to colours."""

from typing import Any

import torch
from PIL import Image

_LEVELS = (-1.0, 0.0, 1.0)
_PATCH = 8
"""Latents on a side, of each colour that the matrix is found by."""

_LEAST = 1e-3


class Latents:
    """The matrix is found on first use: flat frames are encoded, and it leads back from them."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._matrix: torch.Tensor | None = None

    @torch.no_grad()
    def preview(self, latents: torch.Tensor) -> Image.Image:
        """The middle of the film, with a pixel for each latent."""
        if self._matrix is None:
            self._matrix = self._found()
        flat = latents[0, :, latents.shape[2] // 2].float().permute(1, 2, 0)
        colours = (_with_one(flat) @ self._matrix).clamp(-1, 1)
        return Image.fromarray(((colours + 1) * 127.5).round().byte().cpu().numpy())

    def _found(self) -> torch.Tensor:
        vae, side = self._pipe.vae, _PATCH * self._pipe.vae_scale_factor_spatial
        colours = torch.cartesian_prod(*[torch.tensor(_LEVELS)] * 3)
        flat = colours[:, :, None, None, None].expand(-1, -1, 1, side, side)
        encoded = vae.encode(flat.to(device=vae.device, dtype=vae.dtype)).latent_dist.mode()
        # Without the edge, where an autoencoder sees what is beyond the frame.
        means = encoded[..., 2:-2, 2:-2].float().mean(dim=(2, 3, 4)).cpu()
        own = torch.tensor(vae.config.latents_mean), torch.tensor(vae.config.latents_std)
        known = _with_one((means - own[0]) / own[1])
        # Flat frames leave some directions unsaid; what lies there is to add next to no colour.
        minimum = _LEAST * len(known) * torch.eye(known.shape[1])
        found: torch.Tensor = torch.linalg.solve(known.T @ known + minimum, known.T @ colours)
        return found.to(vae.device)


def _with_one(values: torch.Tensor) -> torch.Tensor:
    return torch.cat([values, torch.ones_like(values[..., :1])], dim=-1)
