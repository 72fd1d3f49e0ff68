"""From a checkpoint to a folder that ``from_pretrained`` loads."""

from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionXLPipeline

from gpu_workers.demo import autoencoding, diffusion, networks
from gpu_workers.demo.course import averaged
from gpu_workers.runtime import exemption

MODELS = Path(__file__).parent / "models"
SDXL = MODELS / "demo-sdxl"


def export_sdxl(checkpoints: Path, target: Path = SDXL) -> None:
    """Save the averaged weights as a StableDiffusionXLPipeline in half precision."""
    painter = diffusion.Painter()
    painter.load_state_dict(averaged(checkpoints / diffusion.FILE))
    vae = autoencoding.load(checkpoints)
    words = painter.reader.tokenizer
    pipe: networks.Network = StableDiffusionXLPipeline(
        vae=vae,
        unet=painter.unet,
        text_encoder=painter.reader.first,
        text_encoder_2=painter.reader.second,
        tokenizer=words,
        tokenizer_2=words,
        scheduler=drawing_scheduler(),
        add_watermarker=False,
    )
    pipe.to(dtype=torch.float16)
    pipe.save_pretrained(target, safe_serialization=True)
    if target == SDXL:
        exemption.record(target.name, target)


def drawing_scheduler() -> networks.Network:
    """The schedule of training, for drawing.

    Guidance of 6 and more drives latents far beyond those of any picture, which shows as glaring
    colours. The autoencoder keeps its latents between -1 and 1, so that each step's estimate of
    the picture can be held to them: that is what thresholding at most 1 does.
    """
    return DPMSolverMultistepScheduler.from_config(
        diffusion.noising().config,
        algorithm_type="dpmsolver++",
        solver_order=1,
        thresholding=True,
        dynamic_thresholding_ratio=0.995,
        sample_max_value=1.0,
    )
