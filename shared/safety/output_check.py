"""Require the worker's output check, and record outputs that it refused."""

import hashlib

from shared.contracts.worker_protocol import CallbackRequest, GenerationParams, OutputCheck
from shared.db.connection import Connection
from shared.db.queries import safety_decisions as decisions
from shared.db.queries.jobs import Job
from shared.errors import InvalidRequestError
from shared.safety.policy import NSFW, prompt_hash
from shared.settings import Settings

REFUSED = "content_refused"
"""Failure code of a worker whose output check refused the result."""


def require_output_check(job: Job, checked_by: OutputCheck | None, settings: Settings) -> None:
    """Check that the job's outputs were checked as its mode requires.

    An exempt model counts only in the local system; ``nsfw`` requires the configured classifier.

    Raises:
        InvalidRequestError: ``unchecked``: the check is missing or not sufficient.
    """
    if checked_by is None:
        raise _unchecked("outputCheck is missing: the outputs must be checked.")
    if checked_by.kind == "exempt" and not settings.local_system:
        raise _unchecked("The output must be checked: only the local system has exemptions.")
    if GenerationParams.model_validate(job.parameters).content_type != NSFW:
        return
    is_required_classifier = (
        checked_by.kind == "classifier" and checked_by.name == settings.output_classifier
    )
    if not is_required_classifier:
        raise _unchecked("nsfw outputs must be checked by the configured classifier.")


async def record_worker_refusal(
    connection: Connection, job: Job, callback: CallbackRequest, settings: Settings
) -> None:
    """Record an output that a worker's check refused, with the kind and name of the check."""
    failure, checker = callback.failure, callback.output_check
    if failure is None or failure.code != REFUSED:
        return
    prompt = GenerationParams.model_validate(job.parameters).prompt
    await decisions.insert(
        connection,
        user_id=job.user_id,
        place="output",
        rule_version=f"{checker.kind}: {checker.name}" if checker else "a worker's",
        categories=list(failure.categories),
        prompt_hash=prompt_hash(hashlib.sha256(prompt.encode()).digest(), settings),
    )


def _unchecked(message: str) -> InvalidRequestError:
    return InvalidRequestError(message, code="unchecked")
