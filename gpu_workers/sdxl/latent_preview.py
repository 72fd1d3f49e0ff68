"""What a picture looks like before it is decoded, by one matrix from latents to colours."""

from typing import Any

import torch
from PIL import Image

_LEVELS = (-1.0, 0.0, 1.0)
_PATCH = 4
"""Latents on a side, of each colour that the matrix is found by."""


class LatentPreviewer:
    """The matrix is found on first use: flat colours are encoded, and it leads back from them."""

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._matrix: torch.Tensor | None = None

    @torch.no_grad()
    def preview(self, latents: torch.Tensor, step: int) -> Image.Image:
        """One picture's latents after that step, as a picture with a pixel for each."""
        if self._matrix is None:
            self._matrix = self._found()
        flat = (latents.float() / self._spread(step)).permute(1, 2, 0)
        ones = torch.ones_like(flat[..., :1])
        colours = (torch.cat([flat, ones], dim=-1) @ self._matrix).nan_to_num().clamp(-1, 1)
        return Image.fromarray(((colours + 1) * 127.5).round().byte().cpu().numpy())

    def _spread(self, step: int) -> float:
        """How far the noise that is left spreads the latents."""
        scheduler = self._pipe.scheduler
        sigmas = getattr(scheduler, "sigmas", None)
        if sigmas is None or float(scheduler.init_noise_sigma) == 1:
            return 1.0  # its latents keep their variance as they are
        return float((1 + sigmas[step + 1] ** 2) ** 0.5)

    def _found(self) -> torch.Tensor:
        vae, side = self._pipe.vae, _PATCH * self._pipe.vae_scale_factor
        levels = torch.tensor(_LEVELS)
        colours = torch.cartesian_prod(levels, levels, levels)
        flat = colours[:, :, None, None].expand(-1, -1, side, side)
        encoded = vae.encode(flat.to(device=vae.device, dtype=vae.dtype))
        found = encoded.latents if hasattr(encoded, "latents") else encoded.latent_dist.mode()
        means = (found.float() * vae.config.scaling_factor).mean(dim=(2, 3)).cpu()
        known = torch.cat([means, torch.ones(len(means), 1)], dim=1)
        found_matrix: torch.Tensor = torch.linalg.lstsq(known, colours).solution
        return found_matrix.to(vae.device)
