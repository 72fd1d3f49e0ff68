"""From finished media to a completed job: upload, manifest, callback."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from gpu_workers.runtime.jobs.callbacks import Callback, CallbackResult, Callbacks
from gpu_workers.runtime.media.images import crc32c, thumbnail
from gpu_workers.runtime.media.verify import check
from gpu_workers.runtime.pipeline import Media, PermanentError, RetryableError
from gpu_workers.runtime.transport.signed_client import SignedClient
from gpu_workers.runtime.transport.signed_urls import Transfer
from shared.contracts.job_catalog import JobType
from shared.contracts.worker_protocol import (
    CallbackResponse,
    OutputCheck,
    ReportedAsset,
    SignedManifest,
    UploadTarget,
)
from shared.telemetry import tracing

MAX_REUPLOADS = 3
"""How often everything is uploaded again where the callback's check misses an object."""

_OBJECT_MISSING = "object_missing"


@dataclass(frozen=True)
class OutputFile:
    """One asset with all that goes to its two addresses."""

    upload: UploadTarget
    asset: ReportedAsset
    content: bytes
    thumbnail: bytes


def prepare_outputs(
    made: Sequence[Media], uploads: Sequence[UploadTarget], job_type: JobType
) -> list[OutputFile]:
    """Put each medium into the place that the claim gave it.

    Raises:
        PermanentError: a file is larger than its type of job may hand in.
        RetryableError: one cannot be read back.
    """
    if any(len(media.content) > job_type.max_bytes for media in made):
        raise PermanentError("result_too_large", "The result is larger than this job may hand in.")
    places = sorted(uploads, key=lambda upload: upload.asset_index)
    return [_parcel(media, place, job_type) for media, place in zip(made, places, strict=True)]


def _parcel(media: Media, upload: UploadTarget, job_type: JobType) -> OutputFile:
    asset = ReportedAsset(
        asset_type=job_type.media,
        temp_storage_path=upload.path,
        file_size_bytes=len(media.content),
        mime_type=media.mime_type,
        duration_seconds=media.duration_seconds,
        asset_index=upload.asset_index,
        thumbnail_path=upload.thumbnail_path,
        crc32c=crc32c(media.content),
        width=media.width,
        height=media.height,
        seed=media.seed,
        generation_settings=media.settings,
    )
    small = thumbnail(media.thumbnail_source)
    check(media, small)
    return OutputFile(upload, asset, media.content, small)


class Delivery:
    """Hands in one claim's result."""

    def __init__(self, mailbox: SignedClient, transfer: Transfer, callbacks: Callbacks) -> None:
        self._mailbox = mailbox
        self._transfer = transfer
        self._callbacks = callbacks

    async def deliver(
        self, claim: CallbackResponse, parcels: Sequence[OutputFile], checked_by: OutputCheck
    ) -> CallbackResult:
        """Upload and complete, again where an object is missing.

        Raises:
            RetryableError: the objects cannot be put where the callback finds them.
            RetryTimeoutError: the callback was not heard as long as the job may live.
        """
        callback = self._callbacks.completed([parcel.asset for parcel in parcels], checked_by)
        for _ in range(1 + MAX_REUPLOADS):
            with tracing.span("upload", "client", attributes={"ourvidz.assets": len(parcels)}):
                await self._upload(parcels)
                await self._put_manifest(claim, callback)
            with tracing.span("report completed", "client"):
                result = await self._callbacks.send(callback)
            if result.code != _OBJECT_MISSING:
                return result
        raise RetryableError(_OBJECT_MISSING, "The result was not found where it was stored.")

    async def _upload(self, parcels: Sequence[OutputFile]) -> None:
        put = self._transfer.put
        assets = [put(part.upload.put_url, part.content, part.upload.headers) for part in parcels]
        thumbnails = [
            put(part.upload.thumbnail_put_url, part.thumbnail, part.upload.thumbnail_headers)
            for part in parcels
        ]
        await asyncio.gather(*assets, *thumbnails)

    async def _put_manifest(self, claim: CallbackResponse, callback: Callback) -> None:
        if claim.manifest_put_url is None:
            return
        headers = self._mailbox.sign(callback.body, message_id=callback.message_id)
        manifest = SignedManifest(headers=headers, body=callback.body.decode())
        content = manifest.model_dump_json(by_alias=True).encode()
        await self._transfer.put(claim.manifest_put_url, content, claim.manifest_headers)
