"""Text to image: what a job asks for, one picture after the other."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gpu_workers.runtime import media, settings
from gpu_workers.runtime.pipeline import Media, OnStep, PermanentError, ReferenceImage
from gpu_workers.sdxl.sizes import sides
from shared.contracts.letters import JobMessage, Parameters

if TYPE_CHECKING:
    from gpu_workers.sdxl.model import Model

_TINY = "tiny-random-sdxl"


class SdxlPipeline:
    """SDXL, or whatever model of its architecture is configured."""

    _model: "Model"

    @property
    def models(self) -> list[str]:
        """The configured model: a hub id, or a folder's name."""
        configured = settings.sdxl().sdxl_model
        if configured is None:
            return [_TINY]
        return [Path(configured).name if Path(configured).is_dir() else configured]

    def load(self) -> None:
        """Load the model; until then nothing heavy is imported."""
        from transformers.utils import logging as theirs  # noqa: PLC0415 - heavy, as the one below

        theirs.set_verbosity(logging.ERROR)  # Importing diffusers warns of what is not used here.
        from gpu_workers.sdxl.model import Model  # noqa: PLC0415 - it takes seconds, so not before

        self._model = Model(settings.sdxl())

    def run(
        self, message: JobMessage, references: Sequence[ReferenceImage], on_step: OnStep
    ) -> list[Media]:
        """Draw each image by itself, so that it is the same however many are asked for."""
        if message.reference_roles or references:
            raise PermanentError("unsupported_reference", "This model draws from text alone.")
        wanted = message.parameters
        return [
            self._image(wanted, wanted.seed + index, _shifted(on_step, index, wanted.num_images))
            for index in range(wanted.num_images)
        ]

    def _image(self, wanted: Parameters, seed: int, on_step: OnStep) -> Media:
        size = sides(wanted.aspect_ratio, own_side=self._model.own_side)
        image = self._model.draw(wanted, seed=seed, size=size, on_step=on_step)
        used = media.generation_settings(
            wanted, model=self.models[0], sampler=self._model.sampler, seed=seed, size=image.size
        )
        return Media(
            content=media.png(image, used),
            mime_type="image/png",
            width=image.width,
            height=image.height,
            seed=seed,
            thumbnail_source=image,
            settings=used,
        )


def _shifted(on_step: OnStep, index: int, images: int) -> OnStep:
    """Steps of one image among several, counted over all of them."""

    def shifted(step: int, steps: int) -> None:
        on_step(index * steps + step, images * steps)

    return shifted
