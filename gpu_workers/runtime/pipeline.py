"""Pipeline protocol: load, generate, errors, media types."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

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
"""``on_preview(draw)``, called after each step; it calls ``draw`` if a preview is due."""


class JobCancelled(Exception):  # noqa: N818 - it is no error: the job was cancelled
    """The job stops now, without a result."""

    is_failure = False
    """The trace span around it is not marked as failed."""


class JobError(Exception):
    """A job cannot be completed.

    Args:
        code: a stable error code.
        message: the error message for the job's user.
    """

    retryable = False
    categories: Sequence[str] = ()
    """The categories of refused content, if the content is the reason."""
    checked_by: OutputCheck | None = None
    """The checker that refused it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


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


def _no_preview(_: Callable[[], Image.Image]) -> None:
    pass


@dataclass(frozen=True)
class GenerationRequest:
    """One job's input to a pipeline."""

    message: JobMessage
    references: Sequence[ReferenceImage]
    """The downloaded reference images."""
    on_step: OnStep
    """To be called after each step."""
    on_preview: OnPreview = _no_preview


class Pipeline(Protocol):
    """A model. Its methods are called in an inference thread and may block.

    A subclass has ``models``, ``load`` and ``generate``. By default its jobs run one after the
    other.
    """

    @property
    def models(self) -> list[str]:
        """The names of its models; known before they are loaded."""
        ...

    @property
    def max_batch_size(self) -> int | None:
        """The maximum number of images in one call of ``generate``, if it is for several jobs.

        None if each job has a call of its own, at the same time as those of the other slots.
        """
        return 1

    def batch_key(self, request: GenerationRequest) -> Hashable:
        """Return a key; jobs with equal keys may share a call of ``generate``.

        Raises:
            JobError: the job cannot run at all.
        """
        return request.message.job_id

    def load(self) -> None:
        """Load the model; called once. Heavy imports belong here."""
        ...

    def generate(self, requests: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Generate the media of each job, in the order of its assets.

        A job's media are the same whether it is alone or not. Each job's ``on_step`` is called
        after each step; an exception that it raises ends the call.

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
