"""The gate at the output: what a worker made counts only with the word of what looked at it."""

import hashlib

from shared.contracts.worker_protocol import CallbackRequest, GenerationParams, OutputCheck
from shared.db.connection import Connection
from shared.db.queries import safety_decisions as decisions
from shared.db.queries.jobs import Job
from shared.errors import InvalidRequestError
from shared.safety.policy import NSFW, prompt_hash
from shared.settings import Settings

REFUSED = "content_refused"
"""A worker's code for what its checker refused."""


def require_output_check(job: Job, checked_by: OutputCheck | None, settings: Settings) -> None:
    """Let a job be completed, where what looked at its pictures is what must look at them.

    Raises:
        InvalidError: ``unchecked``.
    """
    if checked_by is None:
        raise _unchecked("Nobody is said to have checked what was made.")
    if checked_by.kind == "exempt" and not settings.local_system:
        raise _unchecked("What was made must be checked: only the local system has exemptions.")
    if GenerationParams.model_validate(job.parameters).content_type != NSFW:
        return
    is_ours = checked_by.kind == "classifier" and checked_by.name == settings.output_classifier
    if not is_ours:
        raise _unchecked("What is nsfw must be checked by the configured classifier.")


async def record_worker_refusal(
    connection: Connection, job: Job, callback: CallbackRequest, settings: Settings
) -> None:
    """Keep what a worker's checker refused, under the checker's kind and name."""
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


def _unchecked(sentence: str) -> InvalidRequestError:
    return InvalidRequestError(sentence, code="unchecked")
