"""Export checkpoints as a diffusers pipeline."""

from pathlib import Path

import torch
from diffusers import DPMSolverMultistepScheduler, StableDiffusionXLPipeline

from gpu_workers.runtime.safety import exemptions
from gpu_workers.training.demo_image import architectures, train_autoencoder, train_denoiser
from gpu_workers.training.trainer import averaged

MODELS = Path(__file__).parents[2] / "demo" / "models"
SDXL = MODELS / "demo-sdxl"


def export(checkpoints: Path, target: Path = SDXL) -> None:
    """Save the averaged weights as a StableDiffusionXLPipeline in half precision.

    An export to the default target also records the weights' hash as exempt from output checks.

    Args:
        checkpoints: the folder of the checkpoints.
        target: the folder to write to.
    """
    model = train_denoiser.TrainableModel()
    model.load_state_dict(averaged(checkpoints / train_denoiser.FILE))
    vae = train_autoencoder.load(checkpoints)
    tokenizer = model.reader.tokenizer
    pipe: architectures.Network = StableDiffusionXLPipeline(
        vae=vae,
        unet=model.unet,
        text_encoder=model.reader.first,
        text_encoder_2=model.reader.second,
        tokenizer=tokenizer,
        tokenizer_2=tokenizer,
        scheduler=drawing_scheduler(),
        add_watermarker=False,
    )
    pipe.to(dtype=torch.float16)
    pipe.save_pretrained(target, safe_serialization=True)
    if target == SDXL:
        exemptions.record(target.name, target)


def drawing_scheduler() -> architectures.Network:
    """Return the scheduler for inference, with the noise schedule of the training.

    Guidance of 6 and more drives latents far beyond those of any picture, which shows as
    oversaturated colours. The autoencoder keeps its latents between -1 and 1, so each step's
    estimate of the picture can be limited to that range: thresholding at 1 does this.
    """
    return DPMSolverMultistepScheduler.from_config(
        train_denoiser.noising().config,
        algorithm_type="dpmsolver++",
        solver_order=1,
        thresholding=True,
        dynamic_thresholding_ratio=0.995,
        sample_max_value=1.0,
    )
