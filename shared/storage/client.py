"""Async facade over google-cloud-storage, whose blocking calls run in threads."""

import asyncio
from collections.abc import Callable
from typing import Literal, TypeVar

from google.api_core.exceptions import GoogleAPIError, NotFound, RequestRangeNotSatisfiable
from google.auth.credentials import AnonymousCredentials
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Client
from requests.exceptions import RequestException

from shared.errors import ServiceUnavailableError
from shared.settings import Settings
from shared.storage import blobs, metadata_stripper
from shared.storage.signed_urls import signed_url
from shared.storage.types import (
    CREATE_ONLY_HEADERS,
    SIZE_RANGE,
    TIMEOUT_SECONDS,
    FolderListing,
    ObjectMetadata,
    SignedUpload,
)
from shared.telemetry.logs import logger

T = TypeVar("T")


class ObjectStorage:
    """Client of Cloud Storage. Every path is built by ``paths`` or checked by ``user_uploads``.

    Each method raises ServiceUnavailableError if Cloud Storage is unavailable.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._client = _client(settings.storage_emulator_host, settings.tasks_project)

    async def signed_url(
        self,
        bucket: str,
        path: str,
        method: Literal["GET", "HEAD"],
        *,
        seconds: float,
        disposition: str | None = None,
    ) -> str:
        """Return a V4 signed URL that reads an object, valid for ``seconds``.

        ``disposition`` is the Content-Disposition of the response.
        """

        def sign() -> str:
            return signed_url(
                self._blob(bucket, path),
                self._settings,
                method,
                seconds=seconds,
                disposition=disposition,
            )

        return await _in_thread(sign)

    async def sign_upload(
        self,
        bucket: str,
        path: str,
        *,
        seconds: float,
        content_type: str,
        max_bytes: int,
        replaces: bool = False,
    ) -> SignedUpload:
        """Return a V4 signed URL for a PUT of 1 to ``max_bytes`` bytes, valid for ``seconds``.

        Args:
            bucket: the bucket's name.
            path: the object's path.
            seconds: how long the URL is valid.
            content_type: the content type that the PUT must declare.
            max_bytes: Cloud Storage refuses a larger body before it has received all of it.
            replaces: whether an existing object may be overwritten.
        """
        headers = {"content-type": content_type, SIZE_RANGE: f"1,{max_bytes}"}
        if not replaces:
            headers |= CREATE_ONLY_HEADERS

        def sign() -> str:
            blob = self._blob(bucket, path)
            return signed_url(blob, self._settings, "PUT", seconds=seconds, headers=headers)

        return SignedUpload(await _in_thread(sign), headers)

    async def get_metadata(self, bucket: str, path: str) -> ObjectMetadata | None:
        """Return the metadata of an object; None if it does not exist."""

        def stat() -> ObjectMetadata | None:
            blob = self._client.bucket(bucket).get_blob(path, timeout=TIMEOUT_SECONDS)
            return blobs.to_metadata(blob) if blob else None

        return await _in_thread(stat)

    async def list_paths(self, bucket: str, folder: str) -> list[str]:
        """Return the paths of all objects below ``folder``, which ends in a slash."""

        def list_paths() -> list[str]:
            blobs_below = self._client.list_blobs(
                bucket,
                prefix=folder,
                fields="items(name),nextPageToken",
                timeout=TIMEOUT_SECONDS,
            )
            return [blob.name for blob in blobs_below]

        return await _in_thread(list_paths)

    async def sizes(self, bucket: str, folder: str) -> dict[str, int]:
        """Return the size in bytes of each object below ``folder``, which ends in a slash."""

        def sizes() -> dict[str, int]:
            blobs_below = self._client.list_blobs(
                bucket,
                prefix=folder,
                fields="items(name,size),nextPageToken",
                timeout=TIMEOUT_SECONDS,
            )
            return {blob.name: blob.size for blob in blobs_below}

        return await _in_thread(sizes)

    async def list_folder(self, bucket: str, folder: str, *, limit: int) -> FolderListing:
        """Return the first ``limit`` entries of ``folder``, which ends in a slash, by name."""
        handle = self._client.bucket(bucket)
        return await _in_thread(lambda: blobs.list_folder(handle, folder, limit=limit))

    async def read(self, bucket: str, path: str, *, max_bytes: int) -> bytes | None:
        """Return the first ``max_bytes`` bytes of an object as stored; None if it does not exist.

        The content is not decompressed, since the uploader chooses the Content-Encoding.
        """

        def read() -> bytes | None:
            try:
                content: bytes = self._blob(bucket, path).download_as_bytes(
                    end=max_bytes - 1, raw_download=True, timeout=TIMEOUT_SECONDS
                )
            except NotFound:
                return None
            except RequestRangeNotSatisfiable:  # of an empty object
                return b""
            return content

        return await _in_thread(read)

    async def upload_once(self, bucket: str, path: str, content: bytes, content_type: str) -> None:
        """Upload an object that does not exist yet; an existing equal object is success.

        Raises:
            ValueError: An object with other content exists.
        """
        blob = self._blob(bucket, path)
        await _in_thread(lambda: blobs.write_once(blob, content, content_type))

    async def upload(
        self, bucket: str, path: str, content: bytes, content_type: str, *, replaces: bool
    ) -> ObjectMetadata | None:
        """Upload an object; None if one exists already and ``replaces`` is false."""
        blob = self._blob(bucket, path)
        return await _in_thread(
            lambda: blobs.upload(blob, content, content_type, replaces=replaces)
        )

    async def copy(
        self,
        source: tuple[str, str],
        target: tuple[str, str],
        *,
        generation: int,
        without_settings: bool = False,
    ) -> ObjectMetadata | None:
        """Copy a generation of an object to a path that is free; None if it is gone.

        A target that exists with the same bytes is success: an earlier attempt was interrupted
        after its copy.

        Args:
            source: bucket and path of the original.
            target: bucket and path of the copy.
            generation: the generation of the original.
            without_settings: whether to blank the generation settings in the copied file.

        Raises:
            ValueError: An object with other content exists at the target.
            ConflictError: ``unreadable``: the settings cannot be removed from a broken file.
        """
        original = self._client.bucket(source[0]).blob(source[1], generation=generation)
        duplicate = self._blob(*target)
        rewrite = metadata_stripper.copy_without_metadata if without_settings else blobs.copy
        return await _in_thread(lambda: rewrite(original, duplicate))

    async def delete(self, bucket: str, path: str) -> None:
        """Delete an object; a missing object is success."""

        def delete() -> None:
            try:
                self._blob(bucket, path).delete(timeout=TIMEOUT_SECONDS)
            except NotFound:
                return

        await _in_thread(delete)

    def _blob(self, bucket: str, path: str) -> Blob:
        return self._client.bucket(bucket).blob(path)


def _client(emulator_host: str | None, project: str) -> Client:
    if emulator_host is None:
        return Client()
    return Client(
        project=project,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": emulator_host},
    )


async def _in_thread(function: Callable[[], T]) -> T:
    try:
        return await asyncio.to_thread(function)
    except (GoogleAPIError, GoogleAuthError, RequestException) as error:
        logger.warning("the storage did not answer: %s", type(error).__name__)
        raise ServiceUnavailableError("Storage is unavailable; try again in a moment.") from error
