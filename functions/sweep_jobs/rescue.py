"""Claims whose worker is not heard of any more: complete from the manifest, or send back."""

from collections import Counter
from typing import Literal

from pydantic import ValidationError

from shared import completion, paths
from shared.contracts import signature
from shared.contracts.letters import CallbackRequest, SealedManifest
from shared.errors import ConflictError, InvalidError, UnavailableError
from shared.log import logger
from shared.queries import claims, jobs, ledger, sweep
from shared.services import Services

Outcome = Literal["completed", "sent_back", "failed", "alive", "unknown"]

_MOST_MANIFEST_BYTES = 256 * 1024
_TOO_LONG = "It took too long, and was stopped."
_LOST = "Every attempt at it was lost; the workers that tried did not answer any more."


async def lapsed_claims(services: Services, *, most: int) -> Counter[Outcome]:
    """Put right every claim whose lease has run out; what became of them, counted."""
    async with services.database.transaction() as connection:
        lapsed = await sweep.lapsed_claims(connection, most=most)
    outcomes: Counter[Outcome] = Counter()
    for one in lapsed:
        try:
            outcomes[await _rescue(services, one)] += 1
        except UnavailableError:
            # Without the bucket nobody knows whether the work is done: the next sweep asks again.
            outcomes["unknown"] += 1
    return outcomes


async def _rescue(services: Services, lapsed: sweep.LapsedClaim) -> Outcome:
    if await _complete_from_manifest(services, lapsed):
        return "completed"
    async with services.database.transaction() as connection:
        if not await sweep.is_lapsed(connection, lapsed.job_id, claim_id=lapsed.claim_id):
            return "alive"
        await claims.end(connection, lapsed.claim_id, "lapsed")
        if not lapsed.is_past_deadline and await jobs.send_back(
            connection, lapsed.job_id, claim_id=lapsed.claim_id, costs_attempt=True
        ):
            return "sent_back"
        reason = _TOO_LONG if lapsed.is_past_deadline else _LOST
        await jobs.fail(connection, lapsed.job_id, claim_id=lapsed.claim_id, reason=reason)
        await ledger.refund(connection, user_id=lapsed.user_id, job_id=lapsed.job_id)
        return "failed"


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
            return await completion.record(connection, job.id, letter, checked)
    except (ConflictError, InvalidError) as problem:
        fields = {"job_id": lapsed.job_id, "code": problem.error_code}
        logger.warning("a manifest does not hold", extra={"fields": fields})
        return False


async def _read_manifest(services: Services, lapsed: sweep.LapsedClaim) -> CallbackRequest | None:
    """The completed callback that a worker left in the bucket; None where there is none."""
    path = paths.manifest(lapsed.user_id, lapsed.job_id, lapsed.claim_id)
    content = await services.storage.read(
        services.settings.workspace_bucket, path, most_bytes=_MOST_MANIFEST_BYTES
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
