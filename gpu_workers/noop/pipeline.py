"""Pipeline without a model for tests and benchmarks: a one-pixel image, a one-frame video.

``clip.mp4`` is that video. It was generated with PyAV 18.1:

    with av.open("clip.mp4", "w", options={"movflags": "faststart"}) as file:
        stream = file.add_stream("libx264", rate=16, options={"preset": "veryslow"})
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", (16, 16), (64, 96, 128)))
        file.mux(stream.encode(frame))
        file.mux(stream.encode())
"""

import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from gpu_workers.runtime import settings
from gpu_workers.runtime.media import images
from gpu_workers.runtime.pipeline import GenerationRequest, Media, PermanentError, Pipeline
from gpu_workers.runtime.safety.exemptions import Weights
from shared.contracts.job_catalog import get_job_type
from shared.contracts.worker_protocol import GenerationParams

_CLIP = Path(__file__).with_name("clip.mp4")
_CLIP_SIZE = (16, 16)
_CLIP_COLOUR = (64, 96, 128)
_CLIP_SECONDS = 1 / 16
_MODEL = "noop"


class NoopPipeline(Pipeline):
    """Serves every job type; it does not serve chat."""

    def __init__(self) -> None:
        self._clip = b""

    @property
    def models(self) -> list[str]:
        """The name ``noop``."""
        return [_MODEL]

    @property
    def weights(self) -> list[Weights]:
        """The clip."""
        return [Weights(_CLIP)]

    def load(self) -> None:
        """Read the clip."""
        self._clip = _CLIP.read_bytes()

    @property
    def max_batch_size(self) -> None:
        """None: the jobs of all slots run at the same time."""

    def generate(self, requests: Sequence[GenerationRequest]) -> list[list[Media]]:
        """Wait for the configured steps of each job, then return its media.

        Raises:
            JobCancelled: raised by ``on_step``.
            PermanentError: the job type is unknown.
        """
        return [self._generate(request) for request in requests]

    def _generate(self, request: GenerationRequest) -> list[Media]:
        config = settings.noop()
        for step in range(1, config.noop_steps + 1):
            time.sleep(config.noop_seconds)
            request.on_step(step, config.noop_steps)
        row = get_job_type(request.message.job_type)
        if row is None:
            raise PermanentError("unsupported_job_type", "Unknown job type.")
        params = request.message.parameters
        if row.media == "video":
            return [self._video(params)]
        return [_image(params, params.seed + index) for index in range(params.num_images)]

    def _video(self, params: GenerationParams) -> Media:
        frame = Image.new("RGB", _CLIP_SIZE, _CLIP_COLOUR)
        used = images.generation_settings(
            params, model=_MODEL, sampler=_MODEL, seed=params.seed, size=_CLIP_SIZE
        )
        return Media(
            content=self._clip,
            mime_type="video/mp4",
            width=_CLIP_SIZE[0],
            height=_CLIP_SIZE[1],
            seed=params.seed,
            duration_seconds=_CLIP_SECONDS,
            thumbnail_source=frame,
            frames=[frame],
            settings=used,
        )


def _image(params: GenerationParams, seed: int) -> Media:
    """Return a PNG of one pixel whose colour is the seed."""
    pixel = Image.new("RGB", (1, 1), (seed >> 16 & 255, seed >> 8 & 255, seed & 255))
    used = images.generation_settings(
        params, model=_MODEL, sampler=_MODEL, seed=seed, size=pixel.size
    )
    return Media(
        content=images.png(pixel, used),
        mime_type="image/png",
        width=1,
        height=1,
        seed=seed,
        thumbnail_source=pixel,
        settings=used,
    )
