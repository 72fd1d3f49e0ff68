"""IP-Adapter: the style or character of a reference, in addition to the prompt."""

from pathlib import Path
from typing import Any

from gpu_workers.sdxl.image_request import InitImage


class Adapter:
    """An adapter that is loaded once and is in the UNet only while a picture needs it.

    Args:
        pipe: the pipeline whose UNet is changed.
        weights: the adapter's file; None for no adapter.
    """

    def __init__(self, pipe: Any, weights: Path | None) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._unet = pipe.unet
        self._plain = dict(self._unet.attn_processors)
        if weights is None:
            self._adapter_processors: dict[str, Any] = {}
            return
        pipe.load_ip_adapter(str(weights.parent), subfolder="", weight_name=weights.name)
        self._adapter_processors = dict(self._unet.attn_processors)
        self._projection = self._unet.encoder_hid_proj
        self._kind = self._unet.config.encoder_hid_dim_type
        self._enabled = True
        self.disable()

    def enable(self, start: InitImage) -> dict[str, Any]:
        """Enable the adapter with a reference's strength; return the pipeline's arguments."""
        if not self._enabled:
            self._unet.set_attn_processor(dict(self._adapter_processors))
            self._unet.encoder_hid_proj = self._projection
            self._unet.config.encoder_hid_dim_type = self._kind
            self._enabled = True
        self._pipe.set_ip_adapter_scale(self._scale(start))
        return {"ip_adapter_image": start.picture}

    def disable(self) -> None:
        """Remove the adapter from the UNet: later pictures are made by the model alone."""
        if not self._adapter_processors or not self._enabled:
            return
        self._unet.set_attn_processor(dict(self._plain))
        self._unet.encoder_hid_proj = None
        self._unet.config.encoder_hid_dim_type = None
        self._enabled = False

    def _scale(self, start: InitImage) -> float | dict[str, Any]:
        """Return the scale: all layers for a character; for a style the layer of InstantStyle."""
        layers = len(getattr(self._unet.up_blocks[0], "attentions", ()))
        if start.type != "style" or not layers:
            return start.strength
        scales = [0.0] * layers
        scales[layers // 2] = start.strength
        return {"up": {"block_0": scales}}
