"""Cloud Storage, by its real client. The client blocks, so each call goes to a thread."""

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
    """Signing, checking, copying and deleting. Every path is given by ``paths`` or ``uploads``.

    Each method raises ServiceUnavailableError where the service is away.
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
        """A V4 signed URL that reads an object, valid for ``seconds``.

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
        """A V4 signed URL for a PUT of 1 to ``max_bytes`` bytes, valid for ``seconds``.

        Args:
            bucket: the bucket's name.
            path: the object's.
            seconds: how long the URL is valid.
            content_type: the only one that the PUT may declare.
            max_bytes: the storage refuses a larger body before it has received it.
            replaces: whether an object that is there already may be overwritten.
        """
        headers = {"content-type": content_type, SIZE_RANGE: f"1,{max_bytes}"}
        if not replaces:
            headers |= CREATE_ONLY_HEADERS

        def sign() -> str:
            blob = self._blob(bucket, path)
            return signed_url(blob, self._settings, "PUT", seconds=seconds, headers=headers)

        return SignedUpload(await _in_thread(sign), headers)

    async def get_metadata(self, bucket: str, path: str) -> ObjectMetadata | None:
        """What is stored at ``path``; None where nothing is."""

        def stat() -> ObjectMetadata | None:
            blob = self._client.bucket(bucket).get_blob(path, timeout=TIMEOUT_SECONDS)
            return blobs.to_metadata(blob) if blob else None

        return await _in_thread(stat)

    async def list_paths(self, bucket: str, folder: str) -> list[str]:
        """Where the objects below ``folder`` lie; it ends in a slash."""

        def list_paths() -> list[str]:
            found = self._client.list_blobs(
                bucket,
                prefix=folder,
                fields="items(name),nextPageToken",
                timeout=TIMEOUT_SECONDS,
            )
            return [blob.name for blob in found]

        return await _in_thread(list_paths)

    async def sizes(self, bucket: str, folder: str) -> dict[str, int]:
        """How many bytes each object below ``folder`` holds, by its path; it ends in a slash."""

        def sizes() -> dict[str, int]:
            found = self._client.list_blobs(
                bucket,
                prefix=folder,
                fields="items(name,size),nextPageToken",
                timeout=TIMEOUT_SECONDS,
            )
            return {blob.name: blob.size for blob in found}

        return await _in_thread(sizes)

    async def list_folder(self, bucket: str, folder: str, *, limit: int) -> FolderListing:
        """What lies directly in ``folder``, which ends in a slash: the first ``limit``, by name."""
        where = self._client.bucket(bucket)
        return await _in_thread(lambda: blobs.list_folder(where, folder, limit=limit))

    async def read(self, bucket: str, path: str, *, max_bytes: int) -> bytes | None:
        """The first ``max_bytes`` of an object, as stored; None where nothing is.

        A Content-Encoding is the uploader's word: nothing is unpacked by it.
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
        """Store an object where nothing is yet; equal bytes that are there already are success.

        Raises:
            ValueError: where something else lies there.
        """
        blob = self._blob(bucket, path)
        await _in_thread(lambda: blobs.write_once(blob, content, content_type))

    async def upload(
        self, bucket: str, path: str, content: bytes, content_type: str, *, replaces: bool
    ) -> ObjectMetadata | None:
        """Store an object; None where one is there already and ``replaces`` is false."""
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
        """Copy that generation of an object to where nothing is yet; None where it is gone.

        Buckets and paths come in pairs. Where the target exists already with the same bytes, an
        earlier try was cut off after its copy, and this is success.

        Raises:
            ValueError: where the target holds something else, or settings cannot be left out.
        """
        original = self._client.bucket(source[0]).blob(source[1], generation=generation)
        duplicate = self._blob(*target)
        rewrite = metadata_stripper.copy_without_metadata if without_settings else blobs.copy
        return await _in_thread(lambda: rewrite(original, duplicate))

    async def delete(self, bucket: str, path: str) -> None:
        """Delete an object; one that is gone already is success."""

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
        raise ServiceUnavailableError("The storage is away; try again in a moment.") from error
