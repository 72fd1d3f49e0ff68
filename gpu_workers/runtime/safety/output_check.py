"""The check of what was made: nothing is handed in that has not passed it.

Without a checker a worker serves nothing, but for models that can draw nothing unsafe, in the local
system. A checker that fails lets nothing pass.
"""

import io
from collections.abc import Sequence

from PIL import Image

from gpu_workers.runtime import log
from gpu_workers.runtime.pipeline import (
    Checker,
    Media,
    PermanentError,
    Pipeline,
    ReferenceImage,
    RetryableError,
)
from gpu_workers.runtime.safety import exemptions
from gpu_workers.runtime.safety.settings import SafetySettings
from shared.contracts.worker_protocol import ContentMode, OutputCheck

REFUSED = "content_refused"

_FAILED = "safety_check_failed"
_EXEMPT = OutputCheck(kind="exempt", name="exempt")


class UncheckedModelError(Exception):
    """A model may not be served, for nobody would check what it makes."""


class RefusedError(PermanentError):
    """What was made, or what it was to begin with, is refused."""

    def __init__(self, categories: Sequence[str], checked_by: OutputCheck, what: str) -> None:
        super().__init__(REFUSED, f"{what} is refused: {', '.join(categories)}.")
        self.categories = tuple(categories)
        self.checked_by = checked_by


class Safety:
    """A worker's checker, and which pipelines do without one."""

    def __init__(self, settings: SafetySettings, checker: Checker | None = None) -> None:
        self._own = settings
        self._checker = checker
        self._exempt: set[int] = set()

    def load(self) -> None:
        """Load the configured checker; until then nothing heavy is imported.

        Raises:
            UncheckedModelError: there is none, and this is not the local system.
        """
        if self._checker is None and (self._own.output_classifier or self._own.output_checker):
            from gpu_workers.runtime.safety import checkers  # noqa: PLC0415 - seconds, so not before

            self._checker = checkers.configured(self._own)
        self._check_configured()

    def admit(self, pipeline: Pipeline) -> None:
        """Let a pipeline be served.

        Raises:
            UncheckedModelError: nobody would check what it makes.
        """
        self._check_configured()
        if self._checker is not None:
            return
        if not exemptions.is_exempt(pipeline):
            raise UncheckedModelError(
                f"{', '.join(pipeline.models)} is not known to be harmless, so what it makes must"
                " be checked: OUTPUT_CHECKER or OUTPUT_CLASSIFIER must name a model's folder."
            )
        self._exempt.add(id(pipeline))

    def _check_configured(self) -> None:
        if self._checker is None and not self._own.local_system:
            raise UncheckedModelError(
                "Nobody would check what this worker makes: OUTPUT_CHECKER or OUTPUT_CLASSIFIER"
                " must name a model's folder."
            )

    def inspection(self, pipeline: Pipeline, mode: ContentMode) -> "JobSafetyCheck":
        """What looks at one job's pictures.

        Raises:
            RefusedError: the job's mode is one that nobody here can check.
        """
        if self._checker is None and id(pipeline) not in self._exempt:
            raise UncheckedModelError("This pipeline was never admitted.")
        one = JobSafetyCheck(self._checker, mode)
        if mode not in one.modes:
            raise RefusedError([mode], one.checked_by, "What this worker cannot check")
        return one


class JobSafetyCheck:
    """Looks at what one job begins with, shows and hands in. It is called in a thread."""

    def __init__(self, checker: Checker | None, mode: ContentMode) -> None:
        self._checker = checker
        self._mode = mode

    @property
    def checked_by(self) -> OutputCheck:
        """Who looks."""
        return self._checker.checked_by if self._checker else _EXEMPT

    @property
    def modes(self) -> frozenset[ContentMode]:
        """Those that can be checked; of what is exempt there is nothing but ``sfw``."""
        return self._checker.modes if self._checker else frozenset({"sfw"})

    def check_references(self, references: Sequence[ReferenceImage]) -> None:
        """Look at what the job begins with.

        Raises:
            RefusedError: one of them is refused.
            RetryableError: the checker failed.
        """
        if self._checker and references:
            pictures = [one for one in map(_decoded, references) if one is not None]
            self._look(pictures, "What this job begins with")

    def check_results(self, made: Sequence[Media]) -> None:
        """Look at all that the job made: pictures, and of each video some of its frames.

        Raises:
            RefusedError: something is refused.
            RetryableError: the checker failed, or there is nothing to be looked at.
        """
        for media in made:
            if not (media.frames or media.mime_type.startswith("image/")):
                raise RetryableError(_FAILED, "A video came without the frames to check it by.")
        pictures = [
            picture for media in made for picture in media.frames or [media.thumbnail_source]
        ]
        self._look(pictures, "What was made")

    def allow_preview(self, preview: Image.Image) -> bool:
        """Whether a preview may be shown."""
        try:
            self._look([preview], "A preview")
        except (PermanentError, RetryableError):
            return False
        return True

    def _look(self, pictures: Sequence[Image.Image], what: str) -> None:
        if self._checker is None:
            return
        try:
            categories = self._checker.refused(pictures, self._mode)
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing passes
            log.event("checker broke", severity="ERROR", trace=log.format_exception(error))
            raise RetryableError(_FAILED, f"{what} could not be checked.") from None
        if categories:
            raise RefusedError(categories, self._checker.checked_by, what)


def _decoded(reference: ReferenceImage) -> Image.Image | None:
    """None for what no pipeline can begin with either: they read it in the same way."""
    try:
        with Image.open(io.BytesIO(reference.content)) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError, ValueError):
        return None
