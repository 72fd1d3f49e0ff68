"""Pipeline protocol: load, generate, errors, media types."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from shared.contracts.job_catalog import WorkerType
from shared.contracts.worker_protocol import (
    ContentMode,
    JobMessage,
    OutputCheck,
    ReferenceRole,
    ReferenceType,
)

OnStep = Callable[[int, int], None]
"""``on_step(step, steps)``, called after each step; raises `JobCancelled` to stop the job."""

OnPreview = Callable[[Callable[[], Image.Image]], None]
"""``show(picture)``, called after each step; it calls ``picture`` if a preview is due."""


class JobCancelled(Exception):  # noqa: N818 - it is no error: the job was cancelled
    """The job stops now, without a result."""

    is_failure = False
    """The trace span around it is not marked as failed."""


class JobError(Exception):
    """A job cannot be completed.

    Args:
        code: a stable error code.
        sentence: the error message for the job's user.
    """

    retryable = False
    categories: Sequence[str] = ()
    """The categories of refused content, if the content is the reason."""
    checked_by: OutputCheck | None = None
    """The checker that refused it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.message = sentence


class PermanentError(JobError):
    """Another attempt would fail in the same way."""


class RetryableError(JobError):
    """Another attempt, here or elsewhere, may succeed."""

    retryable = True


@dataclass(frozen=True)
class ReferenceImage:
    """A reference image of a job, as downloaded."""

    role: ReferenceRole
    type: ReferenceType | None
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Media:
    """One finished image or video."""

    content: bytes = field(repr=False)
    """The bytes of the file."""
    mime_type: str
    width: int
    height: int
    seed: int
    thumbnail_source: Image.Image = field(repr=False)
    """The image, or the middle frame of a video; at any size."""
    duration_seconds: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    """The settings that were used."""
    frames: Sequence[Image.Image] = field(default=(), repr=False)
    """Of a video: the frames that the safety check looks at."""


class Pipeline(Protocol):
    """A model. ``load`` and ``run`` are called in an inference thread and may block."""

    @property
    def models(self) -> list[str]:
        """The names of its models; known before they are loaded."""
        ...

    def load(self) -> None:
        """Load the model; called once. Heavy imports belong here."""
        ...

    def run(
        self, message: JobMessage, references: Sequence[ReferenceImage], on_step: OnStep
    ) -> list[Media]:
        """Generate the media of a job, in the order of its assets.

        Args:
            message: the job.
            references: the downloaded reference images.
            on_step: to be called after each step.

        Raises:
            JobCancelled: raised by ``on_step``.
            JobError: the job failed; any other exception counts as a retryable failure.
        """
        ...


@dataclass(frozen=True)
class GenerationRequest:
    """One job's input to a pipeline."""

    message: JobMessage
    references: Sequence[ReferenceImage]
    on_step: OnStep
    on_preview: OnPreview


@runtime_checkable
class Batching(Protocol):
    """A pipeline that runs several jobs in one batch; each result is the same as alone."""

    @property
    def max_images(self) -> int:
        """The maximum number of images in one batch."""
        ...

    def batch_key(self, work: GenerationRequest) -> Hashable:
        """Return a key; jobs with equal keys may run in one batch.

        Raises:
            JobError: the job cannot run at all.
        """
        ...

    def run_together(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Generate the media of each job, in the order of ``works``.

        Each job's ``on_step`` is called after each step; an exception it raises ends the batch.

        Raises:
            JobCancelled: raised by an ``on_step``.
            JobError: all jobs failed; any other exception counts as a retryable failure.
        """
        ...


Pipelines = Mapping[WorkerType, Pipeline]
"""The pipeline of each worker type. One pipeline may serve several types."""


class Checker(Protocol):
    """A model that classifies pictures. It is called in a thread and may block."""

    @property
    def checked_by(self) -> OutputCheck:
        """The kind and name of the checker, as callbacks report it."""
        ...

    @property
    def modes(self) -> frozenset[ContentMode]:
        """The content modes that the checker supports."""
        ...

    def refused(self, pictures: Sequence[Image.Image], mode: ContentMode) -> list[str]:
        """Return the categories for which any of the pictures is refused; empty if none is."""
        ...
