"""Chat worker HTTP API: /v1/chat/completions, /v1/models, /healthz and /info."""

import asyncio
import hmac
import time
from http import HTTPStatus
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from gpu_workers.chat import requests, responses, served_models
from gpu_workers.chat.errors import ApiError, bad_key, broken, frames, invalid
from gpu_workers.chat.generation import Generation
from gpu_workers.chat.responses import CompletionEnvelope
from gpu_workers.chat.streaming import events
from gpu_workers.chat.worker import ChatWorker
from gpu_workers.runtime import log
from gpu_workers.runtime.server.versions import versions
from gpu_workers.runtime.settings import WorkerSettings
from shared.contracts import webhook_signature
from shared.contracts.worker_registration import Health

_MAX_BODY_BYTES = 1024 * 1024
_MAX_CHALLENGE = 200
_STREAM_HEADERS = {"cache-control": "no-cache", "x-accel-buffering": "no"}


class Api:
    """The request handlers of one worker.

    Args:
        worker: the worker.
        known_as: the identity it registers with; None if it does not register.
    """

    def __init__(self, worker: ChatWorker, known_as: WorkerSettings | None) -> None:
        self._worker = worker
        self._known_as = known_as
        self._created = int(time.time())
        self._watches: set[asyncio.Task[None]] = set()

    async def completions(self, request: Request) -> Response:
        """POST /v1/chat/completions."""
        self._check_key(request)
        chat_request = requests.read(await _body(request))
        served_model = self._worker.voice(chat_request.model)
        reply = await self._worker.begin(served_model, chat_request)
        self._watch(request, reply)
        envelope, pieces = CompletionEnvelope(served_model.name), reply.pieces()
        if not chat_request.stream:
            text = "".join([piece async for piece in pieces])
            return JSONResponse(envelope.completion(text, reply.finish, reply.usage))
        # Wait for the first piece: an error before it is still sent with its HTTP status.
        first = await anext(pieces, "")
        stream = events(envelope, reply, first, pieces, with_usage=chat_request.with_usage)
        return StreamingResponse(stream, headers=_STREAM_HEADERS, media_type="text/event-stream")

    async def models(self, request: Request) -> Response:
        """GET /v1/models."""
        self._check_key(request)
        return JSONResponse(responses.models(self._worker.models, self._created))

    async def healthz(self, request: Request) -> Response:
        """GET /healthz: the worker's status; with a challenge, a proof that it has its key."""
        challenge = request.query_params.get("challenge")
        if challenge is not None and len(challenge) > _MAX_CHALLENGE:
            raise invalid("The challenge is too long.", param="challenge")
        health = Health(status=self._worker.status, proof=self._proof(challenge))
        return JSONResponse(health.model_dump(by_alias=True, exclude_none=True))

    async def info(self, _: Request) -> Response:
        """GET /info: the worker's models, versions and load."""
        worker = self._worker
        body: dict[str, Any] = {
            "status": worker.status,
            "models": {"chat": worker.models},
            "runs": served_models.model_names(worker.settings),
            "slots": 1,
            "busy": worker.busy,
            "waiting": worker.waiting,
            "loaded": worker.loaded,
            "versions": versions(),
        }
        return JSONResponse(body)

    def _check_key(self, request: Request) -> None:
        key = self._worker.settings.chat_api_key
        if key is None:
            return
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not hmac.compare_digest(token.encode(), key.encode()):
            raise bad_key()

    def _proof(self, challenge: str | None) -> str | None:
        identity = self._known_as
        if challenge is None or identity is None:
            return None
        return webhook_signature.challenge_proof(
            identity.worker_key, worker_id=identity.worker_id, challenge=challenge
        )

    def _watch(self, request: Request, reply: Generation) -> None:
        """Cancel the reply when the client disconnects; after the response this has no effect."""

        async def watch() -> None:
            while (await request.receive())["type"] != "http.disconnect":
                pass
            self._worker.give_up(reply)

        task = asyncio.create_task(watch())
        self._watches.add(task)
        task.add_done_callback(self._watches.discard)


def application(worker: ChatWorker, known_as: WorkerSettings | None) -> Starlette:
    """Return the ASGI application of a worker.

    Args:
        worker: the worker.
        known_as: the identity it registers with; None if it does not register.
    """
    api = Api(worker, known_as)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", api.completions, methods=["POST"]),
            Route("/v1/models", api.models, methods=["GET"]),
            Route("/healthz", api.healthz, methods=["GET"]),
            Route("/info", api.info, methods=["GET"]),
        ],
        exception_handlers={
            ApiError: _refused,
            HTTPException: _not_found,
            ClientDisconnect: _client_gone,
            Exception: _internal_error,
        },
    )


async def _body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MAX_BODY_BYTES:
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise ApiError(status, "body_too_large", "The body is over 1 MiB.")
    return bytes(body)


async def _refused(_: Request, error: Exception) -> Response:
    return error.answer() if isinstance(error, ApiError) else broken().answer()


async def _not_found(_: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    return ApiError(status, status.name.lower(), f"{status.phrase}.").answer()


async def _client_gone(_: Request, __: Exception) -> Response:
    """Return a response that no client reads: it has disconnected."""
    return Response(status_code=HTTPStatus.BAD_REQUEST)


async def _internal_error(_: Request, error: Exception) -> Response:
    log.event("request failed", severity="ERROR", **frames(error))
    return broken().answer()
