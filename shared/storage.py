"""Cloud Storage, by its real client. The client blocks, so each call goes to a thread."""

import asyncio
import functools
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Literal, NamedTuple, TypeVar

import google.auth
from google.api_core.exceptions import GoogleAPIError, NotFound, PreconditionFailed
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.cloud.storage import Blob, Client
from google.oauth2 import service_account
from requests.exceptions import RequestException

from shared.errors import UnavailableError
from shared.log import logger
from shared.settings import Settings

T = TypeVar("T")

WRITE_ONCE = {"x-goog-if-generation-match": "0"}
"""A signed header: the PUT succeeds where no object is, and never overwrites one."""

_TIMEOUT_SECONDS = 20


class StoredObject(NamedTuple):
    """What the bucket itself says of an object."""

    size: int
    content_type: str
    crc32c: str
    """Base64, as the bucket writes it."""
    generation: int


class Storage:
    """Signing, checking, copying and deleting. Every path is given by ``paths``.

    Each method raises UnavailableError where the service is away.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = _client(settings.storage_emulator_host, settings.tasks_project)

    async def sign(
        self,
        bucket: str,
        path: str,
        method: Literal["GET", "HEAD", "PUT"],
        *,
        seconds: float,
        headers: dict[str, str] | None = None,
    ) -> str:
        """A V4 signed URL for ``method`` with exactly ``headers``, valid for ``seconds``."""

        def sign() -> str:
            url: str = self._blob(bucket, path).generate_signed_url(
                version="v4",
                method=method,
                expiration=timedelta(seconds=seconds),
                headers=dict(headers or {}),  # the client adds to what it is given
                **self._signer(),
            )
            return url

        return await _in_thread(sign)

    async def stat(self, bucket: str, path: str) -> StoredObject | None:
        """What is stored at ``path``; None where nothing is."""

        def stat() -> StoredObject | None:
            blob = self._client.bucket(bucket).get_blob(path, timeout=_TIMEOUT_SECONDS)
            return _stored(blob) if blob else None

        return await _in_thread(stat)

    async def list_paths(self, bucket: str, folder: str) -> list[str]:
        """Where the objects below ``folder`` lie; it ends in a slash."""

        def list_paths() -> list[str]:
            found = self._client.list_blobs(
                bucket,
                prefix=folder,
                fields="items(name),nextPageToken",
                timeout=_TIMEOUT_SECONDS,
            )
            return [blob.name for blob in found]

        return await _in_thread(list_paths)

    async def read(self, bucket: str, path: str, *, most_bytes: int) -> bytes | None:
        """The first ``most_bytes`` of an object; None where nothing is."""

        def read() -> bytes | None:
            try:
                content: bytes = self._blob(bucket, path).download_as_bytes(
                    end=most_bytes - 1, timeout=_TIMEOUT_SECONDS
                )
            except NotFound:
                return None
            return content

        return await _in_thread(read)

    async def write(self, bucket: str, path: str, content: bytes, content_type: str) -> None:
        """Store an object where nothing is yet; equal bytes that are there already are success.

        Raises:
            ValueError: where something else lies there.
        """

        def write() -> None:
            blob = self._blob(bucket, path)
            try:
                blob.upload_from_string(
                    content, content_type, if_generation_match=0, timeout=_TIMEOUT_SECONDS
                )
            except PreconditionFailed:
                # The client tries again where an answer was lost: the first try's bytes are ours.
                if blob.download_as_bytes(timeout=_TIMEOUT_SECONDS) != content:
                    raise ValueError("another object lies where this belongs") from None

        await _in_thread(write)

    async def copy(
        self, source: tuple[str, str], target: tuple[str, str], *, generation: int
    ) -> StoredObject | None:
        """Copy that generation of an object to where nothing is yet; None where it is gone.

        Buckets and paths come in pairs. Where the target exists already with the same bytes, an
        earlier try was cut off after its copy, and this is success.

        Raises:
            ValueError: where the target holds something else.
        """

        def copy() -> StoredObject | None:
            original = self._client.bucket(source[0]).blob(source[1], generation=generation)
            duplicate = self._blob(*target)
            try:
                _rewrite(original, duplicate)
            except NotFound:
                return None
            return _stored(duplicate)

        return await _in_thread(copy)

    async def delete(self, bucket: str, path: str) -> None:
        """Delete an object; one that is gone already is success."""

        def delete() -> None:
            try:
                self._blob(bucket, path).delete(timeout=_TIMEOUT_SECONDS)
            except NotFound:
                return

        await _in_thread(delete)

    def _blob(self, bucket: str, path: str) -> Blob:
        return self._client.bucket(bucket).blob(path)

    def _signer(self) -> dict[str, Any]:
        """A local key where there is one; else Cloud Run's own account signs through IAM."""
        if self._settings.signing_key_file:
            return {"credentials": _key(self._settings.signing_key_file)}
        credentials: Any = google.auth.default()[0]
        if not credentials.valid:
            credentials.refresh(Request())
        return {
            "service_account_email": credentials.service_account_email,
            "access_token": credentials.token,
        }


def _client(emulator_host: str | None, project: str) -> Client:
    if emulator_host is None:
        return Client()
    return Client(
        project=project,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": emulator_host},
    )


@functools.cache
def _key(path: str) -> service_account.Credentials:
    key: service_account.Credentials = service_account.Credentials.from_service_account_file(path)
    return key


def _rewrite(original: Blob, duplicate: Blob) -> None:
    token = None
    try:
        while True:
            token, _, _ = duplicate.rewrite(
                original, token=token, if_generation_match=0, timeout=_TIMEOUT_SECONDS
            )
            if token is None:
                return
    except PreconditionFailed:
        duplicate.reload(timeout=_TIMEOUT_SECONDS)
        original.reload(timeout=_TIMEOUT_SECONDS)
        if duplicate.crc32c != original.crc32c:
            raise ValueError("another object lies where a copy belongs") from None


def _stored(blob: Blob) -> StoredObject:
    return StoredObject(blob.size, blob.content_type, blob.crc32c, int(blob.generation))


async def _in_thread(function: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(function)
    except (GoogleAPIError, GoogleAuthError, RequestException) as error:
        logger.warning("the storage did not answer: %s", type(error).__name__)
        raise UnavailableError("The storage is away; try again in a moment.") from error
