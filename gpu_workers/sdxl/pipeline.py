"""From jobs to pictures and their files: several jobs at once, where they go together."""

import logging
from collections.abc import Callable, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from gpu_workers.runtime.pipeline import Media, OnStep, ReferenceImage, Work
from gpu_workers.runtime.safety.exemptions import Weights
from gpu_workers.sdxl import output, settings
from gpu_workers.sdxl.image_request import Drawing
from gpu_workers.sdxl.plan import planned
from gpu_workers.sdxl.settings import SdxlSettings
from shared.contracts.worker_protocol import JobMessage

if TYPE_CHECKING:
    from gpu_workers.sdxl.model import Model

_TINY = "tiny-random-sdxl"


class SdxlPipeline:
    """SDXL, or whatever model of its architecture is configured."""

    _model: "Model"
    _most_images = 1

    def __init__(self, default: Path | None = None) -> None:
        """``default`` is a model's folder, for where none is configured."""
        self._default = default

    @property
    def models(self) -> list[str]:
        """The configured model: a hub id, or a folder's name."""
        configured = self._configured().sdxl_model
        if configured is None:
            return [_TINY]
        return [Path(configured).name if Path(configured).is_dir() else configured]

    @property
    def most_images(self) -> int:
        """Drawn at the same time."""
        return self._most_images

    @property
    def weights(self) -> list[Weights]:
        """The model, and whatever is added to it."""
        own = self._configured()
        added = (own.sdxl_vae, own.sdxl_controlnet, own.sdxl_ip_adapter, own.sdxl_loras)
        others = [Weights.named(one) for one in added if one]
        if own.sdxl_model:
            return [Weights.named(own.sdxl_model), *others]
        from gpu_workers.sdxl.tiny_model import tiny_model  # noqa: PLC0415 - it takes seconds

        return [Weights(tiny_model(own.model_cache), tiny_model), *others]

    def load(self) -> None:
        """Load the model; until then nothing heavy is imported."""
        from transformers.utils import logging as theirs  # noqa: PLC0415 - heavy, as the one below

        theirs.set_verbosity(logging.ERROR)  # Importing diffusers warns of what is not used here.
        from gpu_workers.sdxl import model, optimizations, warming  # noqa: PLC0415 - seconds, so not before

        own = self._configured()
        self._model = model.Model(own)
        self._most_images = self._model.most_batch
        self._settings = own
        if optimizations.compiles(own):
            warming.warm_up(self._model)

    def kind(self, work: Work) -> Hashable:
        """What one call of the model has in common."""
        one = self._planned(work)[0]
        pieces = self._model.pieces(one.prompt, one.negative)
        alone = work.message.job_id if one.way == "adapter" else None
        start = one.start and (one.start.type, one.start.strength)
        return one.steps, one.guidance, one.size, one.way, start, one.prompt.loras, pieces, alone

    def run(
        self, message: JobMessage, references: Sequence[ReferenceImage], on_step: OnStep
    ) -> list[Media]:
        """Draw one job's images."""
        return self.run_together([Work(message, references, on_step, _unseen)])[0]

    def run_together(self, works: Sequence[Work]) -> list[list[Media]]:
        """Draw the images of all; each is what its seed draws alone."""
        drawings = [(work, one) for work in works for one in self._planned(work)]
        batches = [
            drawings[first : first + self._most_images]
            for first in range(0, len(drawings), self._most_images)
        ]
        pictures: list[Image.Image] = []
        for index, batch in enumerate(batches):
            owners = [work for work, _ in batch]
            on_step, on_latents = _told(owners, index, len(batches)), _shown(owners)
            pictures += self._model.draw([one for _, one in batch], on_step, on_latents)
        made: dict[int, list[Media]] = {id(work): [] for work in works}
        for (work, one), picture in zip(drawings, pictures, strict=True):
            made[id(work)].append(self._media(work, one, picture))
        return list(made.values())

    def _configured(self) -> SdxlSettings:
        own = settings.sdxl()
        if own.sdxl_model or self._default is None:
            return own
        return own.model_copy(update={"sdxl_model": str(self._default)})

    def _planned(self, work: Work) -> list[Drawing]:
        return planned(work, self._settings, own_side=self._model.own_side)

    def _media(self, work: Work, one: Drawing, picture: Image.Image) -> Media:
        return output.media_of(
            picture,
            one,
            work.message.parameters,
            model=self.models[0],
            sampler=self._model.sampler,
            lossy=self._settings.lossy,
        )


def _told(owners: Sequence[Work], index: int, batches: int) -> OnStep:
    """Steps of one batch among several, counted over all of them, to each job in it."""

    def told(step: int, steps: int) -> None:
        for work in {id(work): work for work in owners}.values():
            work.on_step(index * steps + step, batches * steps)

    return told


def _shown(owners: Sequence[Work]) -> Callable[[Callable[[int], Image.Image]], None]:
    """A preview of each job's first picture in the batch."""

    def shown(preview: Callable[[int], Image.Image]) -> None:
        places = {id(work): place for place, work in reversed(list(enumerate(owners)))}
        for place in places.values():
            owners[place].show(lambda place=place: preview(place))  # type: ignore[misc]

    return shown


def _unseen(_: Callable[[], Image.Image]) -> None:
    pass
