"""Writing clips: MP4 with H.264, what it was made with, and who made it; looked at once more."""

import io
import struct
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from gpu_workers.runtime.media import images
from gpu_workers.runtime.pipeline import RetryableError
from gpu_workers.runtime.provenance import signing, xmp

Frames = NDArray[np.uint8]
"""Frame, row, column, and red, green, blue."""

_BT709 = 1
"""ITU's number for it, as colour primaries, transfer and matrix; and MPEG's range is 1 too."""

_ENCODING = {"crf": "18", "preset": "medium"}
"""To the eye the same as the frames."""

_MAX_TITLE = 100

_XMP_BOX = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")
"""Where XMP has its place in an MP4."""


def mp4(frames: Frames, *, fps: int, settings: dict[str, Any]) -> bytes:
    """The frames as an MP4 that plays while it is still being fetched.

    Raises:
        ValueError: there is no frame, or its sides are odd, which yuv420p cannot hold.
        RetryableError: what was written cannot be read as what it should be.
    """
    count, height, width, _ = frames.shape
    if not count or height % 2 or width % 2:
        raise ValueError(f"{count} frames of {width}x{height} make no clip.")
    content = signing.signed(_encoded(frames, fps, settings) + _xmp(), "video/mp4")
    check(content, frames=count, size=(width, height), fps=fps)
    return content


def check(content: bytes, *, frames: int, size: tuple[int, int], fps: int) -> None:
    """Read a whole MP4 again, as a player would.

    Raises:
        RetryableError: it is not that many frames of that size, or cannot be read at all.
    """
    try:
        with av.open(io.BytesIO(content), "r") as file:
            stream = file.streams.video[0]
            found = sum(1 for _ in file.decode(stream))
            lasts = float((stream.duration or 0) * (stream.time_base or 0)) * fps
            kind = (stream.codec_context.name, stream.pix_fmt)
            same = (stream.width, stream.height) == size and kind == ("h264", "yuv420p")
    except (av.error.FFmpegError, IndexError):
        found, lasts, same = 0, 0.0, False
    # The file counts its length in milliseconds, so it is off by a part of a frame.
    if not same or found != frames or round(lasts) != frames:
        raise RetryableError("broken_result", "The finished clip could not be read back.")


def parameters_text(settings: dict[str, Any], *, frames: int, fps: int) -> str:
    """The settings as a picture's, with what only a clip has."""
    return f"{images.parameters_text(settings)}, Frames: {frames}, FPS: {fps}"


def _encoded(frames: Frames, fps: int, settings: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    with av.open(
        target, "w", format="mp4", options={"movflags": "faststart"}, io_open=_again(target)
    ) as file:
        stream = file.add_stream("libx264", rate=fps, options=_ENCODING)
        _, stream.height, stream.width, _ = frames.shape
        stream.pix_fmt = "yuv420p"
        own = stream.codec_context
        own.color_primaries = own.color_trc = own.colorspace = own.color_range = _BT709
        file.metadata["title"] = str(settings["prompt"])[:_MAX_TITLE]
        file.metadata["comment"] = parameters_text(settings, frames=len(frames), fps=fps)
        for frame in _yuv(frames):
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return target.getvalue()


def _again(target: io.BytesIO) -> Callable[..., io.BytesIO]:
    """What faststart reads, while it moves the index to the front, what has been written."""

    def opened(*_: object) -> io.BytesIO:
        return io.BytesIO(target.getvalue())

    return opened


def _yuv(frames: Frames) -> Iterator[av.VideoFrame]:
    for pixels in frames:
        yield av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )


def _xmp() -> bytes:
    """The packet in a box of its own; behind all others it moves none of the index's offsets."""
    packet = xmp.XMP.encode()
    return struct.pack(">I4s", 8 + 16 + len(packet), b"uuid") + _XMP_BOX.bytes + packet
