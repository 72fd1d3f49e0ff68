"""What a model is to the runtime, and what passes between the two."""

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
"""``on_step(step, steps)``, after each step; it raises `JobCancelled` when the job is to stop."""

OnPreview = Callable[[Callable[[], Image.Image]], None]
"""``show(picture)``, after each step: it calls ``picture`` where a preview is wanted by now."""


class JobCancelled(Exception):  # noqa: N818 - it is no error: the job was told to stop
    """The job is to stop now, with nothing to show for it."""

    is_failure = False
    """It does not mark the span around it as failed."""


class JobError(Exception):
    """A job cannot be completed. ``sentence`` is for the person who asked for it."""

    retryable = False
    categories: Sequence[str] = ()
    """Of what was refused, where that is why."""
    checked_by: OutputCheck | None = None
    """What refused it."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.message = sentence


class PermanentError(JobError):
    """Another attempt would end in the same way."""


class RetryableError(JobError):
    """Another attempt, here or elsewhere, may succeed."""

    retryable = True


@dataclass(frozen=True)
class ReferenceImage:
    """A picture to start from, as it was downloaded."""

    role: ReferenceRole
    type: ReferenceType | None
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Media:
    """One finished image or video."""

    content: bytes = field(repr=False)
    """The whole file."""
    mime_type: str
    width: int
    height: int
    seed: int
    thumbnail_source: Image.Image = field(repr=False)
    """The picture itself, or the video's middle frame; at any size."""
    duration_seconds: float | None = None
    settings: dict[str, Any] = field(default_factory=dict)
    """What was really used to make it."""
    frames: Sequence[Image.Image] = field(default=(), repr=False)
    """Of a video: those by which it is checked."""


class Pipeline(Protocol):
    """A model. ``load`` and ``run`` are called in an inference thread and may block."""

    @property
    def models(self) -> list[str]:
        """The names of the models it draws with; known before they are loaded."""
        ...

    def load(self) -> None:
        """Load the model, once; heavy imports belong here."""
        ...

    def run(
        self, message: JobMessage, references: Sequence[ReferenceImage], on_step: OnStep
    ) -> list[Media]:
        """Make what the message asks for, in the order of its assets.

        Raises:
            JobCancelled: passed on from ``on_step``.
            JobError: where it cannot; any other exception counts as a retryable one.
        """
        ...


@dataclass(frozen=True)
class GenerationRequest:
    """What one job brings to a pipeline."""

    message: JobMessage
    references: Sequence[ReferenceImage]
    on_step: OnStep
    on_preview: OnPreview


@runtime_checkable
class Batching(Protocol):
    """A pipeline that makes several jobs at once, each as it would be made alone."""

    @property
    def max_images(self) -> int:
        """That it makes at the same time."""
        ...

    def batch_key(self, work: GenerationRequest) -> Hashable:
        """Jobs that are equal in this may be made together.

        Raises:
            JobError: this one cannot be made at all.
        """
        ...

    def run_together(self, works: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Make what each asks for. Each is told of each step; whoever raises is left to the caller.

        Raises:
            JobCancelled: passed on from an ``on_step``.
            JobError: for all of them; any other exception counts as a retryable one.
        """
        ...


Pipelines = Mapping[WorkerType, Pipeline]
"""Which pipeline serves which type of job. One may serve several."""


class Checker(Protocol):
    """A model that looks at pictures. It is called in a thread and may block."""

    @property
    def checked_by(self) -> OutputCheck:
        """What it is called in a letter."""
        ...

    @property
    def modes(self) -> frozenset[ContentMode]:
        """Those in which it can tell what is refused from what is not."""
        ...

    def refused(self, pictures: Sequence[Image.Image], mode: ContentMode) -> list[str]:
        """The categories under which any of the pictures is refused."""
        ...
