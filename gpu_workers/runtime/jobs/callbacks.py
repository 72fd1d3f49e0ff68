"""Client for ``job-callback``: claims, heartbeats, results and failures of one job."""

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
    """The response to a callback."""

    status: int
    """The HTTP status."""
    answer: CallbackResponse | None
    """The body of a 2xx response; None if it is malformed."""
    code: str | None
    """The error code of any other response; None if the body holds none."""

    @classmethod
    def of(cls, response: httpx.Response) -> "CallbackResult":
        """Parse a response; a malformed one has neither ``answer`` nor ``code``."""
        try:
            if response.is_success:
                parsed = CallbackResponse.model_validate_json(response.content)
                return cls(response.status_code, parsed, None)
            body = response.json()
        except ValueError:
            return cls(response.status_code, None, None)
        code = body.get("code") if isinstance(body, dict) else None
        return cls(response.status_code, None, code)

    @property
    def is_lost(self) -> bool:
        """Whether the job has ended or belongs to another worker."""
        return self.status in _NOT_OURS or (self.answer is not None and not self.answer.proceed)


@dataclass(frozen=True)
class Callback:
    """One callback's body and webhook-id; both stay the same through every retry."""

    body: bytes
    message_id: str


class Callbacks:
    """Builds and sends the callbacks of one claim of one job."""

    def __init__(self, client: SignedClient, clock: Clock, message: JobMessage) -> None:
        self.claim_id: UUID = uuid4()
        self._client = client
        self._clock = clock
        self._message = message
        self._common_fields: dict[str, Any] = {
            "job_id": message.job_id,
            "user_id": message.user_id,
            "claim_id": self.claim_id,
        }

    def claim(self) -> Callback:
        """Build the callback that claims the job; the response says whether it succeeded."""
        return _to_callback(
            CallbackRequest(
                **self._common_fields, status="processing", dispatch_no=self._message.dispatch_no
            )
        )

    def completed(self, assets: list[ReportedAsset], checked_by: OutputCheck) -> Callback:
        """Build the callback that reports the job's assets and the check they passed."""
        results = Results(assets=assets)
        return _to_callback(
            CallbackRequest(
                **self._common_fields, status="completed", results=results, output_check=checked_by
            )
        )

    def failed(self, error: JobError, *, requeue: bool = False) -> Callback:
        """Build the callback that reports a failure.

        Args:
            error: why the job failed; its message is cut to 2,000 characters.
            requeue: whether the job is requeued without counting as a failed attempt.
        """
        failure = JobFailure(
            code=error.code,
            retryable=error.retryable,
            requeue=requeue,
            categories=list(error.categories),
        )
        error_message = error.message[:_MAX_MESSAGE]
        return _to_callback(
            CallbackRequest(
                **self._common_fields,
                status="failed",
                error_message=error_message,
                failure=failure,
                output_check=error.checked_by,
            )
        )

    async def heartbeat(self, progress: Progress) -> CallbackResult:
        """Report the job's progress, without a retry, and return the response."""
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
        """Send a callback and retry until the response is final.

        Args:
            callback: the callback to send.
            within: how many seconds to retry, at most until the job expires; None retries until
                the job expires.

        Raises:
            RetryTimeoutError: no final response came in time.
        """
        deadline = self._message.expires_at.timestamp()
        if within is not None:
            deadline = min(deadline, self._clock.now() + within)
        trace = tracing.current_traceparent(self._message.traceparent)
        response = await retry_until(
            lambda: self._post(callback, trace), until=deadline, now=self._clock.now
        )
        return CallbackResult.of(response)

    async def _post(self, callback: Callback, traceparent: str | None) -> httpx.Response:
        return await self._client.post(
            _ENDPOINT, callback.body, message_id=callback.message_id, traceparent=traceparent
        )


def _to_callback(request: CallbackRequest) -> Callback:
    body = request.model_dump_json(by_alias=True, exclude_none=True).encode()
    return Callback(body, new_message_id())
