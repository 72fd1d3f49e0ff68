"""Claims whose worker is not heard of any more: complete from the manifest, or send back."""

from functools import partial

from pydantic import ValidationError

from functions.sweep_jobs.counts import SweepJobsResponse
from functions.sweep_jobs.parts import each
from shared import completion, measures, paths, tracing
from shared.contracts import signature
from shared.contracts.letters import CallbackRequest, SealedManifest
from shared.contracts.upload_sizes import MAX_MANIFEST_BYTES
from shared.errors import ConflictError, InvalidError
from shared.log import logger
from shared.queries import jobs, life, sweep
from shared.services import Services

_MOST_CLAIMS = 500
_TOO_LONG = "It took too long, and was stopped."
_LOST = "Every attempt at it was lost; the workers that tried did not answer any more."


async def put_lapsed_right(services: Services, done: SweepJobsResponse) -> None:
    """End every claim whose lease has run out.

    Without the bucket nobody knows whether its work is done: then the next sweep asks again.
    """
    async with services.database.transaction() as connection:
        lapsed = await sweep.lapsed_claims(connection, most=_MOST_CLAIMS)
    await each(partial(_rescue, services, done), lapsed)


async def _rescue(services: Services, done: SweepJobsResponse, lapsed: sweep.LapsedClaim) -> None:
    if await _complete_from_manifest(services, lapsed):
        done.completed_from_manifest += 1
        return
    reason = _TOO_LONG if lapsed.is_past_deadline else _LOST
    async with services.database.transaction() as connection:
        claim = {"claim_id": lapsed.claim_id}
        sent_back = await life.lapse(connection, lapsed.job_id, **claim)
        failed = (
            None
            if sent_back
            else await life.give_up(connection, lapsed.job_id, **claim, reason=reason)
        )
    if job := sent_back or failed:
        _tell("claim lapsed", job)
    done.sent_back += sent_back is not None
    done.failed += failed is not None


def _tell(what: str, job: jobs.Job) -> None:
    """In the job's own trace, and to the metrics where it has ended."""
    tracing.note(what, parent=job.traceparent, facts={"ourvidz.job_id": str(job.id)})
    if not job.is_open:
        measures.job_ended(job)


async def _complete_from_manifest(services: Services, lapsed: sweep.LapsedClaim) -> bool:
    """Under the same checks and guards as the callback that was lost."""
    try:
        letter = await _read_manifest(services, lapsed)
        if letter is None:
            return False
        async with services.database.transaction() as connection:
            job = await jobs.get(connection, lapsed.job_id)
        if job is None:
            return False
        checked = await completion.check(services, job, letter)
        async with services.database.transaction() as connection:
            ended = await completion.record(connection, job.id, letter, checked)
    except (ConflictError, InvalidError) as problem:
        fields = {"job_id": lapsed.job_id, "code": problem.error_code}
        logger.warning("a manifest does not hold", extra={"fields": fields})
        return False
    if ended:
        _tell("completed from the manifest", ended)
    return ended is not None


async def _read_manifest(services: Services, lapsed: sweep.LapsedClaim) -> CallbackRequest | None:
    """The completed callback that a worker left in the bucket; None where there is none."""
    path = paths.manifest(lapsed.user_id, lapsed.job_id, lapsed.claim_id)
    content = await services.storage.read(
        services.settings.workspace_bucket, path, most_bytes=MAX_MANIFEST_BYTES
    )
    if content is None:
        return None
    try:
        manifest = SealedManifest.model_validate_json(content)
        body = manifest.body.encode()
        keys = services.settings.keys_of(lapsed.key_id)
        signature.check_seal(
            keys, manifest.headers, body, now=services.clock(), tolerance_seconds=None
        )
        letter = CallbackRequest.model_validate_json(body)
    except (ValidationError, signature.BadSealError):
        return None
    claim = (letter.job_id, letter.claim_id, letter.status)
    return letter if claim == (lapsed.job_id, lapsed.claim_id, "completed") else None
