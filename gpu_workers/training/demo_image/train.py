"""Train the demo models, from drawings made by code.

The stages, in their order: ``autoencoder``, ``sdxl``, ``decoder`` (which sharpens what the
autoencoder draws), ``export``. Each goes on from its last checkpoint under ``.local/demo``;
``export`` may be run at any time and takes what there is.
"""

import argparse
from pathlib import Path

import torch

from gpu_workers.training.demo_image import export, train_autoencoder, train_denoiser

_FOLDER = Path(".local/demo")
_STEPS = {"autoencoder": 2800, "sdxl": 6000, "decoder": 3000}
_TRAINED = {
    "autoencoder": train_autoencoder.train,
    "sdxl": train_denoiser.train,
    "decoder": train_autoencoder.refine,
}


def main() -> None:
    """Run one stage."""
    parser = argparse.ArgumentParser(
        prog="gpu_workers.training.demo_image.train", description=__doc__
    )
    parser.add_argument("stage", choices=[*_TRAINED, "export"])
    parser.add_argument("--steps", type=int, help="in all, from the first run on")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="of the checkpoints")
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.stage == "export":
        export.export_sdxl(options.folder)
    else:
        _TRAINED[options.stage](options.folder, options.steps or _STEPS[options.stage])


if __name__ == "__main__":
    main()
