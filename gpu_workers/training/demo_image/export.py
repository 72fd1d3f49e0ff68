"""From a checkpoint to a folder that ``from_pretrained`` loads."""

from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionXLPipeline

from gpu_workers.runtime.safety import exemptions
from gpu_workers.training.demo_image import architectures, train_autoencoder, train_denoiser
from gpu_workers.training.demo_image.trainer import averaged

MODELS = Path(__file__).parents[2] / "demo" / "models"
SDXL = MODELS / "demo-sdxl"


def export_sdxl(checkpoints: Path, target: Path = SDXL) -> None:
    """Save the averaged weights as a StableDiffusionXLPipeline in half precision."""
    painter = train_denoiser.TrainableModel()
    painter.load_state_dict(averaged(checkpoints / train_denoiser.FILE))
    vae = train_autoencoder.load(checkpoints)
    words = painter.reader.tokenizer
    pipe: architectures.Network = StableDiffusionXLPipeline(
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
        exemptions.record(target.name, target)


def drawing_scheduler() -> architectures.Network:
    """The schedule of training, for drawing.

    Guidance of 6 and more drives latents far beyond those of any picture, which shows as glaring
    colours. The autoencoder keeps its latents between -1 and 1, so that each step's estimate of
    the picture can be held to them: that is what thresholding at most 1 does.
    """
    return DPMSolverMultistepScheduler.from_config(
        train_denoiser.noising().config,
        algorithm_type="dpmsolver++",
        solver_order=1,
        thresholding=True,
        dynamic_thresholding_ratio=0.995,
        sample_max_value=1.0,
    )
