"""What one job's worker tells ``job-callback``, and what it is answered."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx

from gpu_workers.runtime.jobs.progress import Progress
from gpu_workers.runtime.pipeline import JobError
from gpu_workers.runtime.transport.clock import Clock
from gpu_workers.runtime.transport.retry import retry_until
from gpu_workers.runtime.transport.signed_client import SignedClient, new_message_id
from shared.contracts.worker_protocol import (
    CallbackRequest,
    CallbackResponse,
    JobFailure,
    JobMessage,
    OutputCheck,
    ReportedAsset,
    Results,
)
from shared.telemetry import tracing

_ENDPOINT = "job-callback"
_MAX_MESSAGE = 2000
_NOT_OURS = frozenset({httpx.codes.FORBIDDEN, httpx.codes.CONFLICT})


class CallbackResult(NamedTuple):
    """An answer to a callback."""

    status: int
    answer: CallbackResponse | None
    """Of a 2xx."""
    code: str | None
    """Of an error."""

    @classmethod
    def of(cls, response: httpx.Response) -> "CallbackResult":
        """Read an answer; one that is malformed has neither answer nor code."""
        try:
            if response.is_success:
                answer = CallbackResponse.model_validate_json(response.content)
                return cls(response.status_code, answer, None)
            body = response.json()
        except ValueError:
            return cls(response.status_code, None, None)
        code = body.get("code") if isinstance(body, dict) else None
        return cls(response.status_code, None, code)

    @property
    def is_lost(self) -> bool:
        """Whether the job has ended or is another's."""
        return self.status in _NOT_OURS or (self.answer is not None and not self.answer.proceed)


@dataclass(frozen=True)
class Callback:
    """A callback that is sent until it is heard: one body, one webhook-id."""

    body: bytes
    message_id: str


class Callbacks:
    """The letters about one claim of one job."""

    def __init__(self, mailbox: SignedClient, clock: Clock, message: JobMessage) -> None:
        self.claim_id: UUID = uuid4()
        self._mailbox = mailbox
        self._clock = clock
        self._message = message
        self._common_fields: dict[str, Any] = {
            "job_id": message.job_id,
            "user_id": message.user_id,
            "claim_id": self.claim_id,
        }

    def claim(self) -> Callback:
        """The job is ours, if the answer says so."""
        return _to_callback(
            CallbackRequest(
                **self._common_fields, status="processing", dispatch_no=self._message.dispatch_no
            )
        )

    def completed(self, assets: list[ReportedAsset], checked_by: OutputCheck) -> Callback:
        """The job is done."""
        results = Results(assets=assets)
        return _to_callback(
            CallbackRequest(
                **self._common_fields, status="completed", results=results, output_check=checked_by
            )
        )

    def failed(self, error: JobError, *, hand_back: bool = False) -> Callback:
        """The job could not be completed."""
        failure = JobFailure(
            code=error.code,
            retryable=error.retryable,
            requeue=hand_back,
            categories=list(error.categories),
        )
        sentence = error.message[:_MAX_MESSAGE]
        return _to_callback(
            CallbackRequest(
                **self._common_fields,
                status="failed",
                error_message=sentence,
                failure=failure,
                output_check=error.checked_by,
            )
        )

    async def heartbeat(self, progress: Progress) -> CallbackResult:
        """Tell how far the job is, once."""
        callback = CallbackRequest(
            **self._common_fields,
            status="processing",
            progress=progress.fraction,
            step=progress.step,
            steps=progress.steps,
            preview=progress.shown or None,
        )
        trace = tracing.unsampled(self._message.traceparent)
        return CallbackResult.of(await self._post(_to_callback(callback), trace))

    async def send(self, callback: Callback, *, within: float | None = None) -> CallbackResult:
        """Send a letter until it is heard, for ``within`` seconds or as long as the job may live.

        Raises:
            RetryTimeoutError: nothing final was answered in time.
        """
        until = self._message.expires_at.timestamp()
        if within is not None:
            until = min(until, self._clock.now() + within)
        trace = tracing.current_traceparent(self._message.traceparent)
        response = await retry_until(
            lambda: self._post(callback, trace), until=until, now=self._clock.now
        )
        return CallbackResult.of(response)

    async def _post(self, callback: Callback, traceparent: str | None) -> httpx.Response:
        return await self._mailbox.post(
            _ENDPOINT, callback.body, message_id=callback.message_id, traceparent=traceparent
        )


def _to_callback(request: CallbackRequest) -> Callback:
    body = request.model_dump_json(by_alias=True, exclude_none=True).encode()
    return Callback(body, new_message_id())
