"""Approximate latent-to-RGB previews by a linear map."""

from typing import Any

import torch
from PIL import Image

_LEVELS = (-1.0, 0.0, 1.0)
_PATCH = 4
"""Latents on a side of each colour patch that the matrix is fitted to."""


class LatentPreviewer:
    """Previews latents by a matrix, fitted on first use to the latents of flat colours."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._matrix: torch.Tensor | None = None

    @torch.no_grad()
    def preview(self, latents: torch.Tensor, step: int) -> Image.Image:
        """Return a picture with one pixel per latent.

        Args:
            latents: one picture's latents, (channels, height, width).
            step: the index of the last step, from 0.
        """
        if self._matrix is None:
            self._matrix = self._fit()
        flat = (latents.float() / self._spread(step)).permute(1, 2, 0)
        ones = torch.ones_like(flat[..., :1])
        colours = (torch.cat([flat, ones], dim=-1) @ self._matrix).nan_to_num().clamp(-1, 1)
        return Image.fromarray(((colours + 1) * 127.5).round().byte().cpu().numpy())

    def _spread(self, step: int) -> float:
        """Return the factor by which the remaining noise scales the latents."""
        scheduler = self._pipe.scheduler
        sigmas = getattr(scheduler, "sigmas", None)
        if sigmas is None or float(scheduler.init_noise_sigma) == 1:
            return 1.0  # this scheduler keeps the variance of the latents
        return float((1 + sigmas[step + 1] ** 2) ** 0.5)

    def _fit(self) -> torch.Tensor:
        vae, side = self._pipe.vae, _PATCH * self._pipe.vae_scale_factor
        levels = torch.tensor(_LEVELS)
        colours = torch.cartesian_prod(levels, levels, levels)
        flat = colours[:, :, None, None].expand(-1, -1, side, side)
        encoded = vae.encode(flat.to(device=vae.device, dtype=vae.dtype))
        latents = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        means = (latents.float() * vae.config.scaling_factor).mean(dim=(2, 3)).cpu()
        inputs = torch.cat([means, torch.ones(len(means), 1)], dim=1)
        matrix: torch.Tensor = torch.linalg.lstsq(inputs, colours).solution
        return matrix.to(vae.device)
