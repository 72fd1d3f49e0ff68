"""Approximate latent-to-RGB previews of a clip by a linear map."""

from typing import Any

import torch
from PIL import Image

_LEVELS = (-1.0, 0.0, 1.0)
_PATCH = 8
"""Latents on a side of each colour patch that the matrix is fitted to."""

_REGULARISATION = 1e-3


class Latents:
    """Previews latents by a matrix, fitted on first use to the latents of flat frames."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._matrix: torch.Tensor | None = None

    @torch.no_grad()
    def preview(self, latents: torch.Tensor) -> Image.Image:
        """Return the middle frame with one pixel per latent.

        Args:
            latents: the clip's latents, (1, channels, frames, height, width).
        """
        if self._matrix is None:
            self._matrix = self._fit()
        flat = latents[0, :, latents.shape[2] // 2].float().permute(1, 2, 0)
        colours = (_with_one(flat) @ self._matrix).clamp(-1, 1)
        return Image.fromarray(((colours + 1) * 127.5).round().byte().cpu().numpy())

    def _fit(self) -> torch.Tensor:
        vae, side = self._pipe.vae, _PATCH * self._pipe.vae_scale_factor_spatial
        colours = torch.cartesian_prod(*[torch.tensor(_LEVELS)] * 3)
        flat = colours[:, :, None, None, None].expand(-1, -1, 1, side, side)
        encoded = vae.encode(flat.to(device=vae.device, dtype=vae.dtype)).latent_dist.mode()
        # Without the edge, where the autoencoder's padding changes the latents.
        means = encoded[..., 2:-2, 2:-2].float().mean(dim=(2, 3, 4)).cpu()
        mean, std = torch.tensor(vae.config.latents_mean), torch.tensor(vae.config.latents_std)
        inputs = _with_one((means - mean) / std)
        # Flat frames do not determine all directions; the ridge keeps those near no colour.
        ridge = _REGULARISATION * len(inputs) * torch.eye(inputs.shape[1])
        matrix: torch.Tensor = torch.linalg.solve(inputs.T @ inputs + ridge, inputs.T @ colours)
        return matrix.to(vae.device)


def _with_one(values: torch.Tensor) -> torch.Tensor:
    return torch.cat([values, torch.ones_like(values[..., :1])], dim=-1)
