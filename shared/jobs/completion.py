"""Validate a worker's reported results against storage and complete the job."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from shared.contracts.job_catalog import JOB_TYPES
from shared.contracts.worker_protocol import MAX_THUMBNAIL_BYTES, CallbackRequest, ReportedAsset
from shared.db.connection import Connection
from shared.db.queries import job_transitions, jobs
from shared.db.queries.callbacks import Receipt
from shared.db.queries.jobs import Job
from shared.errors import ConflictError, InvalidRequestError
from shared.safety import output_check
from shared.services import Services
from shared.storage import paths
from shared.storage.types import ObjectMetadata
from shared.telemetry import logs


@dataclass(frozen=True, slots=True)
class ValidatedAsset:
    """A reported asset whose file and thumbnail were found in the bucket as reported."""

    asset: ReportedAsset
    stored: ObjectMetadata
    thumbnail: ObjectMetadata


async def validate_results(
    services: Services, job: jobs.Job, callback: CallbackRequest
) -> list[ValidatedAsset]:
    """Validate what a worker reports against the job's claim and against the bucket.

    Raises:
        InvalidRequestError: The assets are not those of the claim, or their output check is
            missing or not acceptable.
        ConflictError: ``object_missing``: an object is missing from the bucket or differs.
    """
    reported = callback.results.assets if callback.results else []
    output_check.require_output_check(job, callback.output_check, services.settings)
    _check_set(job, reported)
    for asset in reported:
        _check_asset(job, callback, asset)
    return await asyncio.gather(*(_check_objects(services, asset) for asset in reported))


async def complete_job(
    connection: Connection,
    job_id: UUID,
    callback: CallbackRequest,
    results: list[ValidatedAsset],
    receipt: Receipt | None = None,
) -> jobs.Job | None:
    """Complete the job: store its assets and settle its credits.

    Args:
        connection: In a transaction.
        job_id: The job.
        callback: The callback, or the one in the worker's manifest.
        results: Of ``validate_results``.
        receipt: The callback's stored response, if it is to be recorded.

    Returns:
        The completed job; None if it has finished already.
    """
    rows = [
        job_transitions.asset_row(
            result.asset,
            crc32c=result.stored.crc32c,
            generation=result.stored.generation,
            thumbnail_generation=result.thumbnail.generation,
        )
        for result in results
    ]
    return await job_transitions.complete(
        connection, job_id, claim_id=callback.claim_id, made=rows, receipt=receipt
    )


def _check_set(job: jobs.Job, reported: list[ReportedAsset]) -> None:
    if sorted(asset.asset_index for asset in reported) != list(range(job.num_images)):
        raise InvalidRequestError("The reported assets do not match the claim.")


def _check_asset(job: jobs.Job, callback: CallbackRequest, asset: ReportedAsset) -> None:
    ids = (job.user_id, job.id, callback.claim_id, asset.asset_index)
    expected_type = paths.MIME_TYPES[job.format]
    if (
        asset.asset_type != job.format
        or asset.mime_type != expected_type
        or asset.temp_storage_path != paths.asset(*ids, expected_type)
        or asset.thumbnail_path != paths.asset_thumbnail(*ids)
        or asset.file_size_bytes > JOB_TYPES[job.job_type].max_bytes
    ):
        raise InvalidRequestError("A reported asset does not match the claim.")


async def _check_objects(services: Services, asset: ReportedAsset) -> ValidatedAsset:
    bucket = services.settings.workspace_bucket
    stored, thumbnail = await asyncio.gather(
        services.storage.get_metadata(bucket, asset.temp_storage_path),
        services.storage.get_metadata(bucket, asset.thumbnail_path or ""),
    )
    if (
        stored is None
        or thumbnail is None
        or stored.size != asset.file_size_bytes
        or stored.content_type != asset.mime_type
        or stored.crc32c != asset.crc32c
        or thumbnail.content_type != paths.THUMBNAIL_TYPE
        or thumbnail.size > MAX_THUMBNAIL_BYTES
    ):
        raise ConflictError(
            "An uploaded object is missing or differs; upload it again.", code="object_missing"
        )
    return ValidatedAsset(asset, stored, thumbnail)


def record_job_ended(job: Job, **more: float) -> None:
    """Emit the metrics of a finished job, after the commit. Do not call it for cancelled jobs."""
    logs.emit_metrics(job_late=int(is_late(job)), **more)


def is_late(job: Job) -> bool:
    """Return whether the job ended after the deadline of its last claim or its expiry."""
    deadline = min(job.deadline_at or job.expires_at, job.expires_at)
    return job.completed_at is not None and job.completed_at > deadline
