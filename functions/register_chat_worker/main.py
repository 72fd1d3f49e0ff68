"""POST /register-chat-worker: register a chat worker or its new URL."""

from shared.auth.authenticators import Worker, require_worker
from shared.contracts.worker_registration import (
    RegisterChatWorkerRequest,
    RegisterChatWorkerResponse,
)
from shared.http import endpoint
from shared.services import Services
from shared.workers import registration


async def register_chat_worker(
    request: RegisterChatWorkerRequest, worker: Worker, services: Services
) -> RegisterChatWorkerResponse:
    """Store the worker's URL once a challenge was answered there.

    The answer proves that the server at the URL has the worker's key.
    """
    message = await registration.register_worker(request, "chat", worker, services)
    return RegisterChatWorkerResponse(message=message)


main = endpoint(register_chat_worker, authenticate=require_worker)
