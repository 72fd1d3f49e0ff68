"""From a checkpoint to a folder that ``from_pretrained`` loads."""

from pathlib import Path

import torch
from diffusers import UniPCMultistepScheduler, WanPipeline

from gpu_workers.runtime.safety import exemptions
from gpu_workers.training.demo_image.export import MODELS
from gpu_workers.training.demo_image.trainer import averaged
from gpu_workers.training.demo_video import architectures, train_autoencoder, train_denoiser
from gpu_workers.training.demo_video.render import FPS, FRAMES, OWN_SIDE
from gpu_workers.wan.clip_format import CLIP_FILE, ClipFormat

WAN = MODELS / "demo-wan"
_UNSURE = -30.0
"""The log of how much latents vary: not at all."""


def export_wan(checkpoints: Path, target: Path = WAN) -> None:
    """Save the averaged weights as a WanPipeline in half precision."""
    filmer = train_denoiser.TrainableModel()
    filmer.load_state_dict(averaged(checkpoints / train_denoiser.FILE))
    pipe: architectures.Network = WanPipeline(
        tokenizer=filmer.reader.tokenizer,
        text_encoder=filmer.reader.encoder,
        transformer=filmer.transformer,
        vae=_zero_variance(train_autoencoder.load(checkpoints).vae),
        scheduler=drawing_scheduler(),
    )
    for part in (pipe.text_encoder, pipe.transformer, pipe.vae):
        part.half()
    pipe.save_pretrained(target, safe_serialization=True)
    clip_format = ClipFormat(frames=FRAMES, fps=FPS, side=OWN_SIDE, shift=None)
    (target / CLIP_FILE).write_text(clip_format.model_dump_json(indent=2) + "\n")
    if target == WAN:
        exemptions.record(target.name, target)


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
def _zero_variance(vae: architectures.Network) -> architectures.Network:
    """Training never asked how sure the encoder is; it is to say that it is."""
    vae.quant_conv.weight[architectures.LATENT_CHANNELS :] = 0
    vae.quant_conv.bias[architectures.LATENT_CHANNELS :] = _UNSURE
    return vae
