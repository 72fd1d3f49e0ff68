"""From a checkpoint to a folder that ``from_pretrained`` loads."""

from pathlib import Path

import torch
from diffusers import UniPCMultistepScheduler, WanPipeline

from gpu_workers.demo.clips import autoencoding, filming, networks
from gpu_workers.demo.clips.drawing import FPS, FRAMES, OWN_SIDE
from gpu_workers.demo.course import averaged
from gpu_workers.demo.export import MODELS
from gpu_workers.runtime import exemption
from gpu_workers.wan.frames import CLIP_FILE, Clip

WAN = MODELS / "demo-wan"
_UNSURE = -30.0
"""The log of how much latents vary: not at all."""


def export_wan(checkpoints: Path, target: Path = WAN) -> None:
    """Save the averaged weights as a WanPipeline in half precision."""
    filmer = filming.Filmer()
    filmer.load_state_dict(averaged(checkpoints / filming.FILE))
    pipe: networks.Network = WanPipeline(
        tokenizer=filmer.reader.tokenizer,
        text_encoder=filmer.reader.encoder,
        transformer=filmer.transformer,
        vae=_sure(autoencoding.load(checkpoints).vae),
        scheduler=drawing_scheduler(),
    )
    for part in (pipe.text_encoder, pipe.transformer, pipe.vae):
        part.half()
    pipe.save_pretrained(target, safe_serialization=True)
    own = Clip(frames=FRAMES, fps=FPS, side=OWN_SIDE, shift=None)
    (target / CLIP_FILE).write_text(own.model_dump_json(indent=2) + "\n")
    if target == WAN:
        exemption.record(target.name, target)


def drawing_scheduler() -> UniPCMultistepScheduler:
    """Straight from noise to a clip, in as many steps as a job asks for.

    Guidance of 6 and more drives latents far beyond those of any clip, which shows as glaring
    colours. The autoencoder keeps its latents between -1 and 1, so that each step's estimate of
    the clip can be held to them: that is what thresholding at most 1 does.
    """
    return UniPCMultistepScheduler(
        prediction_type="flow_prediction",
        use_flow_sigmas=True,
        flow_shift=2.5,
        solver_order=1,
        thresholding=True,
        dynamic_thresholding_ratio=0.995,
        sample_max_value=1.0,
    )


@torch.no_grad()
def _sure(vae: networks.Network) -> networks.Network:
    """Training never asked how sure the encoder is; it is to say that it is."""
    vae.quant_conv.weight[networks.LATENT_CHANNELS :] = 0
    vae.quant_conv.bias[networks.LATENT_CHANNELS :] = _UNSURE
    return vae
