"""Upload outputs and the signed manifest, then report completion."""

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
"""How often all files are uploaded again when the callback reports a missing object."""

_OBJECT_MISSING = "object_missing"


@dataclass(frozen=True)
class OutputFile:
    """One asset's file and thumbnail with their upload URLs."""

    upload: UploadTarget
    asset: ReportedAsset
    content: bytes
    thumbnail: bytes


def prepare_outputs(
    made: Sequence[Media], uploads: Sequence[UploadTarget], job_type: JobType
) -> list[OutputFile]:
    """Match each medium to an upload target of the claim, in the order of ``asset_index``.

    Args:
        made: the generated media.
        uploads: one upload target per medium.
        job_type: gives the media type and the maximum file size.

    Raises:
        PermanentError: a file is larger than the job type's ``max_bytes``.
        RetryableError: a file cannot be decoded.
    """
    if any(len(media.content) > job_type.max_bytes for media in made):
        raise PermanentError(
            "result_too_large", "The result exceeds the maximum size for this job type."
        )
    targets = sorted(uploads, key=lambda upload: upload.asset_index)
    return [
        _to_output_file(media, target, job_type)
        for media, target in zip(made, targets, strict=True)
    ]


def _to_output_file(media: Media, upload: UploadTarget, job_type: JobType) -> OutputFile:
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
    """Uploads one claim's result and reports it."""

    def __init__(self, client: SignedClient, transfer: Transfer, callbacks: Callbacks) -> None:
        self._client = client
        self._transfer = transfer
        self._callbacks = callbacks

    async def deliver(
        self, claim: CallbackResponse, files: Sequence[OutputFile], checked_by: OutputCheck
    ) -> CallbackResult:
        """Upload the files and complete the job; repeat both if an object is missing.

        Raises:
            RetryableError: an upload failed, or the callback still misses an object.
            RetryTimeoutError: the callback got no final response before the job expired.
        """
        callback = self._callbacks.completed([file.asset for file in files], checked_by)
        for _ in range(1 + MAX_REUPLOADS):
            with tracing.span("upload", "client", attributes={"ourvidz.assets": len(files)}):
                await self._upload(files)
                await self._put_manifest(claim, callback)
            with tracing.span("report completed", "client"):
                result = await self._callbacks.send(callback)
            if result.code != _OBJECT_MISSING:
                return result
        raise RetryableError(_OBJECT_MISSING, "The uploaded result could not be found.")

    async def _upload(self, files: Sequence[OutputFile]) -> None:
        put = self._transfer.put
        assets = [put(file.upload.put_url, file.content, file.upload.headers) for file in files]
        thumbnails = [
            put(file.upload.thumbnail_put_url, file.thumbnail, file.upload.thumbnail_headers)
            for file in files
        ]
        await asyncio.gather(*assets, *thumbnails)

    async def _put_manifest(self, claim: CallbackResponse, callback: Callback) -> None:
        if claim.manifest_put_url is None:
            return
        headers = self._client.sign(callback.body, message_id=callback.message_id)
        manifest = SignedManifest(headers=headers, body=callback.body.decode())
        content = manifest.model_dump_json(by_alias=True).encode()
        await self._transfer.put(claim.manifest_put_url, content, claim.manifest_headers)
