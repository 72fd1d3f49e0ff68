"""Extracts the file of a raw or multipart upload."""

import asyncio

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio import multipart

from shared.errors import InvalidRequestError, PayloadTooLargeError, RequestTimeoutError
from shared.http import HttpRequest
from shared.storage import user_uploads

_MAX_FORM_BYTES = user_uploads.MAX_BYTES + 64 * 1024
_MAX_PARTS = 12
_MAX_BODY_SECONDS = 30
"""A body that is being received holds an image slot. 10 MiB in 30 s are 2.8 Mbit/s."""


async def picture(call: HttpRequest) -> bytes:
    """Read the uploaded file.

    Raises:
        PayloadTooLargeError: The file is larger than ``user_uploads.MAX_BYTES``; raised before the
            rest of the body is read.
        InvalidRequestError: The form is not valid, or does not contain exactly one file.
        RequestTimeoutError: The body did not arrive in 30 seconds.
    """
    media_type, options = parse_options_header(call.headers.get("content-type"))
    is_form = media_type == "multipart/form-data"
    try:
        async with asyncio.timeout(_MAX_BODY_SECONDS):
            body = await call.body(_MAX_FORM_BYTES if is_form else user_uploads.MAX_BYTES)
    except TimeoutError:
        raise RequestTimeoutError from None
    except PayloadTooLargeError:
        raise _too_large() from None
    content = _file(body, options.get("boundary", "")) if is_form else body
    if len(content) > user_uploads.MAX_BYTES:
        raise _too_large()
    return content


def _file(body: bytes, boundary: str) -> bytes:
    """Return the only file of a form."""
    try:
        files = _files(body, boundary.encode("latin-1"))
    except (ValueError, RequestEntityTooLarge):
        raise InvalidRequestError("The body is not valid multipart/form-data.") from None
    if len(files) != 1:
        raise InvalidRequestError("The form must contain exactly one file.")
    return bytes(files[0])


def _files(body: bytes, boundary: bytes) -> list[bytearray]:
    decoder = multipart.MultipartDecoder(boundary, max_parts=_MAX_PARTS)
    decoder.receive_data(body)
    decoder.receive_data(None)
    files: list[bytearray] = []
    is_file = False
    while not isinstance(event := decoder.next_event(), multipart.Epilogue):
        if isinstance(event, multipart.File):
            files.append(bytearray())
        if isinstance(event, multipart.File | multipart.Field):
            # By its type and not its field name: some old clients send the file without a name.
            is_file = isinstance(event, multipart.File)
        if isinstance(event, multipart.Data) and is_file:
            files[-1] += event.data
    return files


def _too_large() -> PayloadTooLargeError:
    return PayloadTooLargeError(
        f"An image must not be larger than {user_uploads.MAX_BYTES // 2**20} MiB."
    )
