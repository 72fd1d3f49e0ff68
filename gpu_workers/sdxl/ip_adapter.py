"""The IP-Adapter: a reference's style, or its character, beside the prompt."""

from pathlib import Path
from typing import Any

from gpu_workers.sdxl.image_request import InitImage


class Adapter:
    """One that is loaded once, and is in the UNet only while a picture needs it."""

    def __init__(self, pipe: Any, weights: Path | None) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._unet = pipe.unet
        self._plain = dict(self._unet.attn_processors)
        if weights is None:
            self._followers: dict[str, Any] = {}
            return
        pipe.load_ip_adapter(str(weights.parent), subfolder="", weight_name=weights.name)
        self._followers = dict(self._unet.attn_processors)
        self._projection = self._unet.encoder_hid_proj
        self._kind = self._unet.config.encoder_hid_dim_type
        self._working = True
        self.disable()

    def enable(self, start: InitImage) -> dict[str, Any]:
        """Put it in, as strong as the reference is to be."""
        if not self._working:
            self._unet.set_attn_processor(dict(self._followers))
            self._unet.encoder_hid_proj = self._projection
            self._unet.config.encoder_hid_dim_type = self._kind
            self._working = True
        self._pipe.set_ip_adapter_scale(self._scale(start))
        return {"ip_adapter_image": start.picture}

    def disable(self) -> None:
        """Take it out: the pictures that follow are the model's own again."""
        if not self._followers or not self._working:
            return
        self._unet.set_attn_processor(dict(self._plain))
        self._unet.encoder_hid_proj = None
        self._unet.config.encoder_hid_dim_type = None
        self._working = False

    def _scale(self, start: InitImage) -> float | dict[str, Any]:
        """A character is followed by every layer; a style by the one that InstantStyle found."""
        layers = len(getattr(self._unet.up_blocks[0], "attentions", ()))
        if start.type != "style" or not layers:
            return start.strength
        scales = [0.0] * layers
        scales[layers // 2] = start.strength
        return {"up": {"block_0": scales}}
