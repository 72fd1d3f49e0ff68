"""What one job's worker tells ``job-callback``, and what it is answered."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx

from gpu_workers.runtime.jobs.progress import Progress
from gpu_workers.runtime.pipeline import JobError
from gpu_workers.runtime.transport.clock import Clock
from gpu_workers.runtime.transport.retry import persist
from gpu_workers.runtime.transport.signed_client import Mailbox, new_message_id
from shared.contracts.worker_protocol import (
    Asset,
    CallbackAnswer,
    CallbackRequest,
    Failure,
    JobMessage,
    OutputCheck,
    Results,
)
from shared.telemetry import tracing

_ENDPOINT = "job-callback"
_MOST_MESSAGE = 2000
_NOT_OURS = frozenset({httpx.codes.FORBIDDEN, httpx.codes.CONFLICT})


class Heard(NamedTuple):
    """An answer to a callback."""

    status: int
    answer: CallbackAnswer | None
    """Of a 2xx."""
    code: str | None
    """Of an error."""

    @classmethod
    def of(cls, response: httpx.Response) -> "Heard":
        """Read an answer; one that is malformed has neither answer nor code."""
        try:
            if response.is_success:
                answer = CallbackAnswer.model_validate_json(response.content)
                return cls(response.status_code, answer, None)
            body = response.json()
        except ValueError:
            return cls(response.status_code, None, None)
        code = body.get("code") if isinstance(body, dict) else None
        return cls(response.status_code, None, code)

    @property
    def not_ours(self) -> bool:
        """Whether the job has ended or is another's."""
        return self.status in _NOT_OURS or (self.answer is not None and not self.answer.proceed)


@dataclass(frozen=True)
class Letter:
    """A callback that is sent until it is heard: one body, one webhook-id."""

    body: bytes
    message_id: str


class Callbacks:
    """The letters about one claim of one job."""

    def __init__(self, mailbox: Mailbox, clock: Clock, message: JobMessage) -> None:
        self.claim_id: UUID = uuid4()
        self._mailbox = mailbox
        self._clock = clock
        self._message = message
        self._about: dict[str, Any] = {
            "job_id": message.job_id,
            "user_id": message.user_id,
            "claim_id": self.claim_id,
        }

    def claim(self) -> Letter:
        """The job is ours, if the answer says so."""
        return _letter(
            CallbackRequest(
                **self._about, status="processing", dispatch_no=self._message.dispatch_no
            )
        )

    def completed(self, assets: list[Asset], checked_by: OutputCheck) -> Letter:
        """The job is done."""
        results = Results(assets=assets)
        return _letter(
            CallbackRequest(
                **self._about, status="completed", results=results, checked_by=checked_by
            )
        )

    def failed(self, error: JobError, *, hand_back: bool = False) -> Letter:
        """The job could not be completed."""
        failure = Failure(
            code=error.code,
            retryable=error.retryable,
            hand_back=hand_back,
            categories=list(error.categories),
        )
        sentence = error.sentence[:_MOST_MESSAGE]
        return _letter(
            CallbackRequest(
                **self._about,
                status="failed",
                error_message=sentence,
                failure=failure,
                checked_by=error.checked_by,
            )
        )

    async def heartbeat(self, progress: Progress) -> Heard:
        """Tell how far the job is, once."""
        told = CallbackRequest(
            **self._about,
            status="processing",
            progress=progress.fraction,
            step=progress.step,
            steps=progress.steps,
            preview=progress.shown or None,
        )
        trace = tracing.unsampled(self._message.traceparent)
        return Heard.of(await self._post(_letter(told), trace))

    async def send(self, letter: Letter, *, within: float | None = None) -> Heard:
        """Send a letter until it is heard, for ``within`` seconds or as long as the job may live.

        Raises:
            UnheardError: nothing final was answered in time.
        """
        until = self._message.expires_at.timestamp()
        if within is not None:
            until = min(until, self._clock.now() + within)
        trace = tracing.current_traceparent(self._message.traceparent)
        response = await persist(
            lambda: self._post(letter, trace), until=until, now=self._clock.now
        )
        return Heard.of(response)

    async def _post(self, letter: Letter, traceparent: str | None) -> httpx.Response:
        return await self._mailbox.post(
            _ENDPOINT, letter.body, message_id=letter.message_id, traceparent=traceparent
        )


def _letter(request: CallbackRequest) -> Letter:
    body = request.model_dump_json(by_alias=True, exclude_none=True).encode()
    return Letter(body, new_message_id())
