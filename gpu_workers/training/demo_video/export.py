"""Export checkpoints as a WanPipeline."""

from pathlib import Path

import torch
from diffusers import UniPCMultistepScheduler, WanPipeline

from gpu_workers.runtime.safety import exemptions
from gpu_workers.training.demo_image.export import MODELS
from gpu_workers.training.demo_video import architectures, train_autoencoder, train_denoiser
from gpu_workers.training.demo_video.render import FPS, FRAMES, OWN_SIDE
from gpu_workers.training.trainer import averaged
from gpu_workers.wan.clip_format import CLIP_FILE, ClipFormat

WAN = MODELS / "demo-wan"
_LOG_VARIANCE = -30.0
"""The log of the latents' variance: practically none."""


def export(checkpoints: Path, target: Path = WAN) -> None:
    """Save the averaged weights as a WanPipeline in half precision.

    An export to the default target also records the weights' hash as exempt from output checks.

    Args:
        checkpoints: the folder of the checkpoints.
        target: the folder to write to.
    """
    model = train_denoiser.TrainableModel()
    model.load_state_dict(averaged(checkpoints / train_denoiser.FILE))
    pipe: architectures.Network = WanPipeline(
        tokenizer=model.reader.tokenizer,
        text_encoder=model.reader.encoder,
        transformer=model.transformer,
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
    """Return the scheduler for inference, for any number of steps.

    Guidance of 6 and more drives latents far beyond those of any clip, which shows as
    oversaturated colours. The autoencoder keeps its latents between -1 and 1, so each step's
    estimate of the clip can be limited to that range: thresholding at 1 does this.
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
    """Set the encoder's variance to zero: training did not use it."""
    vae.quant_conv.weight[architectures.LATENT_CHANNELS :] = 0
    vae.quant_conv.bias[architectures.LATENT_CHANNELS :] = _LOG_VARIANCE
    return vae
