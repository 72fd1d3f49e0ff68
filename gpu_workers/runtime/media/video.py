"""MP4 encoding (H.264) with settings and provenance, and verification of the result."""

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
"""Shape (frames, height, width, 3): RGB, 0 to 255."""

_BT709 = 1
"""ITU's code for BT.709 as colour primaries, transfer and matrix; MPEG's range is 1 as well."""

_ENCODING = {"crf": "18", "preset": "medium"}
"""Visually the same as the frames."""

_MAX_TITLE = 100

_XMP_BOX = UUID("be7acfcb-97a9-42e8-9c71-999491e3afac")
"""The UUID of the MP4 box that holds XMP."""


def mp4(frames: Frames, *, fps: int, settings: dict[str, Any]) -> bytes:
    """Encode frames as an MP4 that can be played while it is downloaded.

    Args:
        frames: the frames, with even width and height.
        fps: frames per second.
        settings: what the clip was generated with; stored in its metadata.

    Raises:
        ValueError: there is no frame, or a side is odd, which yuv420p does not support.
        RetryableError: the encoded file does not decode to the same frames.
    """
    count, height, width, _ = frames.shape
    if not count or height % 2 or width % 2:
        raise ValueError(f"{count} frames of {width}x{height} make no clip.")
    content = signing.signed(_encoded(frames, fps, settings) + _xmp(), "video/mp4")
    check(content, frames=count, size=(width, height), fps=fps)
    return content


def check(content: bytes, *, frames: int, size: tuple[int, int], fps: int) -> None:
    """Decode a complete MP4, as a player would.

    Args:
        content: the file.
        frames: the expected number of frames.
        size: the expected width and height in pixels.
        fps: the expected frames per second.

    Raises:
        RetryableError: it has another number or size of frames, or cannot be decoded.
    """
    try:
        with av.open(io.BytesIO(content), "r") as file:
            stream = file.streams.video[0]
            decoded = sum(1 for _ in file.decode(stream))
            duration = float((stream.duration or 0) * (stream.time_base or 0)) * fps
            kind = (stream.codec_context.name, stream.pix_fmt)
            same = (stream.width, stream.height) == size and kind == ("h264", "yuv420p")
    except (av.error.FFmpegError, IndexError):
        decoded, duration, same = 0, 0.0, False
    # The file stores its duration in milliseconds, so it is off by a fraction of a frame.
    if not same or decoded != frames or round(duration) != frames:
        raise RetryableError("broken_result", "The finished clip could not be read back.")


def parameters_text(settings: dict[str, Any], *, frames: int, fps: int) -> str:
    """Format the settings as for a picture, with the number of frames and the frame rate."""
    return f"{images.parameters_text(settings)}, Frames: {frames}, FPS: {fps}"


def _encoded(frames: Frames, fps: int, settings: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    with av.open(
        target, "w", format="mp4", options={"movflags": "faststart"}, io_open=_reopen(target)
    ) as file:
        stream = file.add_stream("libx264", rate=fps, options=_ENCODING)
        _, stream.height, stream.width, _ = frames.shape
        stream.pix_fmt = "yuv420p"
        codec = stream.codec_context
        codec.color_primaries = codec.color_trc = codec.colorspace = codec.color_range = _BT709
        file.metadata["title"] = str(settings["prompt"])[:_MAX_TITLE]
        file.metadata["comment"] = parameters_text(settings, frames=len(frames), fps=fps)
        for frame in _yuv(frames):
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    return target.getvalue()


def _reopen(target: io.BytesIO) -> Callable[..., io.BytesIO]:
    """Return a function that opens what is written so far: faststart reads it to move the index."""

    def reopen(*_: object) -> io.BytesIO:
        return io.BytesIO(target.getvalue())

    return reopen


def _yuv(frames: Frames) -> Iterator[av.VideoFrame]:
    for pixels in frames:
        yield av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )


def _xmp() -> bytes:
    """Return the XMP packet in a box; as the last box it does not move the index's offsets."""
    packet = xmp.XMP.encode()
    return struct.pack(">I4s", 8 + 16 + len(packet), b"uuid") + _XMP_BOX.bytes + packet
