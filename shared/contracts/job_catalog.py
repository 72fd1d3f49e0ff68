"""Job types: queue, model, steps, price and limits.

Steps, guidance, credits and expected seconds are the product's settings for each type. They apply
to SDXL base 1.0 and Wan 2.1 T2V 1.3B.
"""

from typing import Literal, NamedTuple

MediaType = Literal["image", "video"]
Quality = Literal["fast", "high"]
QueueName = Literal["sdxl_queue", "wan_queue"]
QueuedWorkerType = Literal["sdxl", "wan"]
"""A type of worker with a queue. A chat worker has none, since it is called directly."""
WorkerType = Literal[QueuedWorkerType, "chat"]

MEBIBYTE = 1024 * 1024


class JobType(NamedTuple):
    """One row of the catalog."""

    name: str
    media: MediaType
    quality: Quality
    queue: QueueName
    worker_type: WorkerType
    model_variant: str
    steps: int
    guidance_scale: float
    credits: int
    """Price of one image or video."""
    expected_seconds: int
    """Duration of one image or video, on the GPU that the type is meant for."""
    max_megabytes: int
    """Maximum size of an uploaded asset, in MiB."""
    max_images: int
    enhanced: bool
    """Whether prompts are always enhanced first, as with ``user_requested_enhancement``."""

    @property
    def max_bytes(self) -> int:
        """Maximum size of an uploaded asset, in bytes."""
        return self.max_megabytes * MEBIBYTE


def _sdxl(
    name: str, quality: Quality, steps: int, guidance: float, credit: int, seconds: int, limit: int
) -> JobType:
    return JobType(
        name, "image", quality, "sdxl_queue", "sdxl", "sdxl",
        steps, guidance, credit, seconds, limit, max_images=6, enhanced=False,
    )  # fmt: skip


def _wan(
    name: str, media: MediaType, quality: Quality, credit: int, seconds: int, limit: int
) -> JobType:
    steps, guidance = (25, 6.5) if quality == "fast" else (50, 7.5)
    return JobType(
        name, media, quality, "wan_queue", "wan", "wan_2_1_1_3b",
        steps, guidance, credit, seconds, limit, max_images=1, enhanced="7b" in name,
    )  # fmt: skip


#     name                     quality  steps  CFG  credits  seconds  MiB
_ROWS = (
    _sdxl("sdxl_image_fast", "fast", 15, 6.0, 1, 4, 5),
    _sdxl("sdxl_image_high", "high", 25, 7.5, 2, 8, 10),
    _wan("image_fast", "image", "fast", 1, 25, 5),
    _wan("image_high", "image", "high", 2, 40, 10),
    _wan("wan_video_fast", "video", "fast", 3, 135, 50),
    _wan("wan_video_high", "video", "high", 5, 180, 200),
    _wan("image7b_fast_enhanced", "image", "fast", 2, 85, 20),
    _wan("image7b_high_enhanced", "image", "high", 3, 100, 20),
    _wan("video7b_fast_enhanced", "video", "fast", 4, 195, 100),
    _wan("video7b_high_enhanced", "video", "high", 6, 240, 100),
)

JOB_TYPES: dict[str, JobType] = {row.name: row for row in _ROWS}

ALIASES = {"video_fast": "wan_video_fast", "video_high": "wan_video_high"}
"""Earlier names. Jobs are stored and returned under the current name."""

WORKER_TYPES: dict[QueueName, QueuedWorkerType] = {"sdxl_queue": "sdxl", "wan_queue": "wan"}
"""Worker type of each queue."""

QUEUES: dict[WorkerType, QueueName] = {
    worker_type: queue for queue, worker_type in WORKER_TYPES.items()
}
"""Queue of each worker type that has one."""


def queue_id(queue: QueueName) -> str:
    """Return the queue's Cloud Tasks id, which cannot contain the underscore of its API name."""
    return queue.replace("_", "-")


def get_job_type(name: str) -> JobType | None:
    """Return the job type of a current or earlier name; None if there is none."""
    return JOB_TYPES.get(ALIASES.get(name, name))
