"""Train the demo model of clips.

The stages, in their order: ``autoencoder``, ``wan``, ``decoder`` (which sharpens what the
autoencoder draws), ``export``. Each goes on from its last checkpoint under ``.local/demo``;
``export`` may be run at any time and takes what there is.
"""

import argparse
from pathlib import Path

import torch

from gpu_workers.training.demo_video import export, train_autoencoder, train_denoiser

_FOLDER = Path(".local/demo")
_STEPS = {"autoencoder": 4500, "wan": 5000, "decoder": 1000}
_TRAINED = {
    "autoencoder": train_autoencoder.train,
    "wan": train_denoiser.train,
    "decoder": train_autoencoder.refine,
}


def main() -> None:
    """Run one stage."""
    parser = argparse.ArgumentParser(
        prog="gpu_workers.training.demo_video.train", description=__doc__
    )
    parser.add_argument("stage", choices=[*_TRAINED, "export"])
    parser.add_argument("--steps", type=int, help="in all, from the first run on")
    parser.add_argument("--folder", type=Path, default=_FOLDER, help="of the checkpoints")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    if options.stage == "export":
        export.export_wan(options.folder)
    else:
        _TRAINED[options.stage](options.folder, options.steps or _STEPS[options.stage])


if __name__ == "__main__":
    main()
