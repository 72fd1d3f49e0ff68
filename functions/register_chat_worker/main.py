"""POST /register-chat-worker: as ``update-worker-url``, for a worker that answers chats."""

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
    """Record the address once it has answered and proved that it holds the worker's key."""
    message = await registration.register_worker(request, "chat", worker, services)
    return RegisterChatWorkerResponse(message=message)


main = endpoint(register_chat_worker, authenticate=require_worker)
