"""Check references, previews and outputs before they leave the worker.

Without a checker a worker serves only exempt models, and only in the local system. If a checker
fails, nothing passes.
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
    """A model may not be served, because no checker would check its output."""


class RefusedError(PermanentError):
    """An output or a reference of a job is refused.

    Args:
        categories: why it is refused.
        checked_by: the checker that refused it.
        what: the subject of the error message.
    """

    def __init__(self, categories: Sequence[str], checked_by: OutputCheck, what: str) -> None:
        super().__init__(REFUSED, f"{what} is refused: {', '.join(categories)}.")
        self.categories = tuple(categories)
        self.checked_by = checked_by


class Safety:
    """A worker's checker, and the pipelines that are exempt from it."""

    def __init__(self, settings: SafetySettings, checker: Checker | None = None) -> None:
        self._settings = settings
        self._checker = checker
        self._exempt: set[int] = set()

    def load(self) -> None:
        """Load the configured checker; heavy modules are imported only here.

        Raises:
            UncheckedModelError: no checker is configured, and this is not the local system.
        """
        if self._checker is None and (
            self._settings.output_classifier or self._settings.output_checker
        ):
            from gpu_workers.runtime.safety import checkers  # noqa: PLC0415 - seconds, so not before

            self._checker = checkers.configured(self._settings)
        self._check_configured()

    def admit(self, pipeline: Pipeline) -> None:
        """Allow a pipeline to be served.

        Raises:
            UncheckedModelError: no checker would check its output, and it is not exempt.
        """
        self._check_configured()
        if self._checker is not None:
            return
        if not exemptions.is_exempt(pipeline):
            raise UncheckedModelError(
                f"{', '.join(pipeline.models)} is not exempt from output checks, so its output must"
                " be checked: OUTPUT_CHECKER or OUTPUT_CLASSIFIER must name a model's folder."
            )
        self._exempt.add(id(pipeline))

    def _check_configured(self) -> None:
        if self._checker is None and not self._settings.local_system:
            raise UncheckedModelError(
                "No output check is configured: OUTPUT_CHECKER or OUTPUT_CLASSIFIER"
                " must name a model's folder."
            )

    def inspection(self, pipeline: Pipeline, mode: ContentMode) -> "JobSafetyCheck":
        """Return the safety check of one job.

        Raises:
            RefusedError: no checker of this worker supports the job's content mode.
            UncheckedModelError: the pipeline was not admitted.
        """
        if self._checker is None and id(pipeline) not in self._exempt:
            raise UncheckedModelError("This pipeline was never admitted.")
        job_check = JobSafetyCheck(self._checker, mode)
        if mode not in job_check.modes:
            raise RefusedError(
                [mode], job_check.checked_by, "Content that this worker cannot check"
            )
        return job_check


class JobSafetyCheck:
    """Checks one job's references, previews and outputs. It is called in a thread."""

    def __init__(self, checker: Checker | None, mode: ContentMode) -> None:
        self._checker = checker
        self._mode = mode

    @property
    def checked_by(self) -> OutputCheck:
        """The checker's kind and name, or that the pipeline is exempt."""
        return self._checker.checked_by if self._checker else _EXEMPT

    @property
    def modes(self) -> frozenset[ContentMode]:
        """The content modes that can be checked; an exempt pipeline has ``sfw`` only."""
        return self._checker.modes if self._checker else frozenset({"sfw"})

    def check_references(self, references: Sequence[ReferenceImage]) -> None:
        """Check the job's reference images.

        Raises:
            RefusedError: one of them is refused.
            RetryableError: the checker failed.
        """
        if self._checker and references:
            decoded = map(_decoded, references)
            pictures = [picture for picture in decoded if picture is not None]
            self._look(pictures, "The reference image")

    def check_results(self, made: Sequence[Media]) -> None:
        """Check the job's outputs: each image, and some frames of each video.

        Raises:
            RefusedError: one of them is refused.
            RetryableError: the checker failed, or a video has no frames to check.
        """
        for media in made:
            if not (media.frames or media.mime_type.startswith("image/")):
                raise RetryableError(_FAILED, "The video has no frames for the output check.")
        pictures = [
            picture for media in made for picture in media.frames or [media.thumbnail_source]
        ]
        self._look(pictures, "The output")

    def allow_preview(self, preview: Image.Image) -> bool:
        """Return whether a preview may be shown; False if the checker failed."""
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
            log.event("checker failed", severity="ERROR", trace=log.format_exception(error))
            raise RetryableError(_FAILED, f"{what} could not be checked.") from None
        if categories:
            raise RefusedError(categories, self._checker.checked_by, what)


def _decoded(reference: ReferenceImage) -> Image.Image | None:
    """Decode a reference; None if it cannot be decoded, since pipelines cannot read it either."""
    try:
        with Image.open(io.BytesIO(reference.content)) as picture:
            return picture.convert("RGB")
    except (OSError, SyntaxError, ValueError):
        return None
