"""Limits on pictures: parts and scans of a file, CPU time of the decoder, places in the queue."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import pytest
from PIL import Image

from shared.errors import InvalidRequestError, ServiceUnavailableError, TooManyRequestsError
from shared.storage.images import structure
from shared.storage.images.decoder import redraw
from shared.storage.images.decoder_queue import PictureQueue
from shared.storage.images.sanitizer import Pictures
from tests.support import malicious_images
from tests.support.local_system import TIMEOUT_SECONDS
from tests.support.malicious_images import chunk, encode, flat, jpeg_with_scans, png, segment

_SLOW = png(6300, 6300)
"""Takes about 0.4 s of CPU time to decode."""


@pytest.mark.parametrize("file", malicious_images.too_complex(), ids=lambda file: str(file[0]))
def test_a_complex_picture_is_refused_before_it_is_decoded(
    file: tuple[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def decode(_: Image.Image) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(Image.Image, "load", decode)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", decode)
    with pytest.raises(InvalidRequestError, match=r"more than|too large"):
        redraw(file[1])


def test_only_the_codings_of_browsers_are_decoded() -> None:
    picture = encode(flat(), "JPEG")
    assert structure.reduce(picture)
    with pytest.raises(InvalidRequestError, match="not a complete PNG"):
        structure.reduce(malicious_images.arithmetic_jpeg())


@pytest.mark.parametrize("file", malicious_images.left_out(), ids=lambda file: str(file[0]))
def test_what_the_pixels_do_not_need_is_not_read(file: tuple[str, bytes]) -> None:
    assert redraw(file[1]) == redraw(encode(flat(), "PNG"))


def test_scans_are_limited_by_the_size_of_the_picture() -> None:
    for side, limit in ((16, 100), (6300, 20)):
        redraw(jpeg_with_scans(side, limit))
        with pytest.raises(InvalidRequestError, match=f"more than {limit} scans"):
            redraw(jpeg_with_scans(side, limit + 1))


def test_parts_are_limited() -> None:
    texts = chunk(b"tEXt", b"x\0y")
    redraw(png(8, 8, before=texts * 9997))
    with pytest.raises(InvalidRequestError, match="more than 10,000 chunks"):
        redraw(png(8, 8, before=texts * 9998))
    picture = encode(flat(), "JPEG")
    comment = segment(0xFE, b"")
    redraw(picture[:2] + comment * 9900 + picture[2:])
    with pytest.raises(InvalidRequestError, match="more than 10,000 segments"):
        redraw(picture[:2] + comment * 10_000 + picture[2:])


def test_scans_hidden_from_the_walk_are_counted() -> None:
    """A decoder may recover from an error at a place that the structure check does not expect."""
    picture = jpeg_with_scans(16, 12)
    hidden = segment(0xDB, b"\0" + b"\xff\xda" * 120)
    with pytest.raises(InvalidRequestError, match="more than 100 scans"):
        redraw(picture[:2] + hidden + picture[2:])


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("cut", [1, 5, 9, 13, 21, 40])
def test_a_file_that_ends_inside_of_its_first_parts_is_refused(file_format: str, cut: int) -> None:
    with pytest.raises(InvalidRequestError):
        redraw(encode(flat(), file_format)[:cut])


@pytest.fixture
async def quick() -> AsyncIterator[Pictures]:
    """A decoder with a limit of 0.05 s of CPU time for each picture."""
    pictures = Pictures(max_cpu_seconds=0.05)
    yield pictures
    await pictures.close()


async def test_a_slow_picture_is_ended_and_the_next_is_decoded(quick: Pictures) -> None:
    small = encode(flat(), "PNG")
    assert await _redraw_small(quick, small) == redraw(small)
    for _ in range(2):
        with pytest.raises(InvalidRequestError, match="takes too long to decode"):
            await quick.sanitize_image(_SLOW)
        assert await _redraw_small(quick, small) == redraw(small)


async def _redraw_small(quick: Pictures, content: bytes) -> bytes:
    """Retry while a slow machine takes 0.05 s of CPU time even for a small picture."""
    for _ in range(20):
        with contextlib.suppress(InvalidRequestError):
            return await quick.sanitize_image(content)
    raise AssertionError("a small picture is never decoded")


async def test_errors_pass_through_the_process() -> None:
    pictures = Pictures(max_cpu_seconds=TIMEOUT_SECONDS)
    with pytest.raises(InvalidRequestError, match="not a complete PNG"):
        await pictures.sanitize_image(b"text")
    with pytest.raises(InvalidRequestError, match="more than 100 scans"):
        await pictures.sanitize_image(jpeg_with_scans(16, 101))
    await pictures.close()


class _Places:
    """Requests in a queue, each of which keeps its place until the stack closes."""

    def __init__(self, stack: AsyncExitStack, queue: PictureQueue) -> None:
        self._stack, self._queue = stack, queue

    async def enter(self, user_id: UUID) -> None:
        await self._stack.enter_async_context(self._queue.place(user_id))


async def test_one_user_holds_only_so_many_places() -> None:
    queue = PictureQueue(max_requests_per_user=3, max_pictures_per_user=3)
    user, other = uuid4(), uuid4()
    async with AsyncExitStack() as stack:
        places = _Places(stack, queue)
        for _ in range(3):
            await places.enter(user)
        for _ in range(2):
            with pytest.raises(TooManyRequestsError) as refused:
                await places.enter(user)
            assert refused.value.retry_after_seconds
        await places.enter(other)
    async with queue.place(user), queue.place(user), queue.place(user):
        pass


async def test_other_users_wait_for_two_pictures_of_one_user_at_most() -> None:
    queue, user = PictureQueue(max_pictures=3), uuid4()
    entered: list[str] = []

    is_over, is_other_in = asyncio.Event(), asyncio.Event()

    async def enter(user_id: UUID, name: str) -> None:
        async with queue.place(user_id):
            entered.append(name)
            if user_id != user:
                is_other_in.set()
            await is_over.wait()

    async with asyncio.TaskGroup() as group:
        for number in range(8):
            group.create_task(enter(user, f"the user's {number}"))
        group.create_task(enter(uuid4(), "another user's"))
        await is_other_in.wait()
        assert entered == ["the user's 0", "the user's 1", "another user's"]
        is_over.set()
    assert len(entered) == 9


async def test_all_users_together_hold_only_so_many_places() -> None:
    queue = PictureQueue(max_requests=4, max_pictures=4)
    async with AsyncExitStack() as stack:
        places = _Places(stack, queue)
        for _ in range(4):
            await places.enter(uuid4())
        for _ in range(2):
            with pytest.raises(ServiceUnavailableError) as refused:
                await places.enter(uuid4())
            assert refused.value.retry_after_seconds
    async with queue.place(uuid4()):
        pass
