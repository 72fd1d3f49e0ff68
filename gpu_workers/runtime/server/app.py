"""Worker HTTP API: /jobs, /healthz and /info."""

from http import HTTPStatus

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gpu_workers.runtime import log
from gpu_workers.runtime.jobs.task_result import Outcome
from gpu_workers.runtime.jobs.worker import Worker
from gpu_workers.runtime.server.versions import versions
from shared.contracts import webhook_signature
from shared.contracts.worker_protocol import MAX_MESSAGE_BYTES, JobMessage
from shared.contracts.worker_registration import Health
from shared.telemetry import trace_context

_RETRY_AFTER = {"retry-after": "1"}
_MAX_CHALLENGE = 200


class Api:
    """The request handlers of one worker."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    async def jobs(self, request: Request) -> Response:
        """POST /jobs: run a signed job message; responds when the job has ended."""
        body = await _body(request)
        self._verify_signature(request, body)
        try:
            message = JobMessage.model_validate_json(body)
        except ValidationError as error:
            malformed = any(detail["type"] == "json_invalid" for detail in error.errors())
            status = HTTPStatus.BAD_REQUEST if malformed else HTTPStatus.UNPROCESSABLE_ENTITY
            return _error(status, "bad_message", "The body is not a valid job message.")
        trace = trace_context.same_trace_or_signed(
            request.headers.get("traceparent"), message.traceparent
        )
        return _to_response(
            await self._worker.run(message.model_copy(update={"traceparent": trace}))
        )

    async def healthz(self, request: Request) -> Response:
        """GET /healthz: the worker's status; with a challenge, a proof that it has its key."""
        challenge = request.query_params.get("challenge")
        if challenge is not None and len(challenge) > _MAX_CHALLENGE:
            return _error(HTTPStatus.BAD_REQUEST, "bad_challenge", "The challenge is too long.")
        health = Health(
            status=self._status(), proof=None if challenge is None else self._prove(challenge)
        )
        return JSONResponse(health.model_dump(by_alias=True, exclude_none=True))

    async def info(self, _: Request) -> Response:
        """GET /info: the worker's models, versions and load."""
        worker = self._worker
        models = {kind: pipeline.models for kind, pipeline in worker.pipelines.items()}
        jobs, waiting = worker.queue.held, worker.queue.waiting
        return JSONResponse({
            "status": self._status(),
            "models": models,
            "slots": worker.settings.worker_slots,
            "busy": jobs - waiting,
            "waiting": waiting,
            "loaded": worker.loaded,
            "versions": versions(),
        })  # fmt: skip

    def _verify_signature(self, request: Request, body: bytes) -> None:
        settings = self._worker.settings
        if request.headers.get(webhook_signature.WORKER_HEADER) != settings.worker_id:
            raise HTTPException(
                HTTPStatus.UNAUTHORIZED, "The message is addressed to another worker."
            )
        try:
            webhook_signature.verify(
                [settings.worker_key],
                request.headers,
                body,
                now=self._worker.clock.now(),
                tolerance_seconds=None,
            )
        except webhook_signature.InvalidSignatureError as error:
            raise HTTPException(HTTPStatus.UNAUTHORIZED, str(error)) from None

    def _prove(self, challenge: str) -> str:
        settings = self._worker.settings
        return webhook_signature.challenge_proof(
            settings.worker_key, worker_id=settings.worker_id, challenge=challenge
        )

    def _status(self) -> str:
        if self._worker.draining:
            return "draining"
        return "ok" if self._worker.loaded else "loading"


def application(worker: Worker) -> Starlette:
    """Return the ASGI application of a worker."""
    api = Api(worker)
    return Starlette(
        routes=[
            Route("/jobs", api.jobs, methods=["POST"]),
            Route("/healthz", api.healthz, methods=["GET"]),
            Route("/info", api.info, methods=["GET"]),
        ],
        exception_handlers={HTTPException: _refused, Exception: _broken},
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_MESSAGE_BYTES:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The message is too large.")
    return bytes(body)


def _to_response(outcome: Outcome) -> JSONResponse:
    if outcome.status == HTTPStatus.OK:
        return JSONResponse({
            "success": True, "message": outcome.message, "outcome": outcome.code,
        })  # fmt: skip
    return _error(outcome.status, outcome.code, outcome.message, _RETRY_AFTER)


def _error(
    status: int, code: str, message: str, headers: dict[str, str] | None = None
) -> JSONResponse:
    body = {"success": False, "error": message, "code": code}
    return JSONResponse(body, status, headers)


async def _refused(_: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    detail = error.detail if isinstance(error, HTTPException) else status.phrase
    return _error(status, status.name.lower(), detail)


async def _broken(_: Request, error: Exception) -> Response:
    log.event("request failed", severity="ERROR", trace=log.format_exception(error))
    return _error(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "The worker failed.")
