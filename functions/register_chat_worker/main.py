"""POST /register-chat-worker: as ``update-worker-url``, for a worker that answers chats."""

from shared import registration
from shared.auth import Worker, worker_seal
from shared.contracts.workers import RegisterChatWorkerRequest, RegisterChatWorkerResponse
from shared.http import endpoint
from shared.services import Services


async def register_chat_worker(
    request: RegisterChatWorkerRequest, worker: Worker, services: Services
) -> RegisterChatWorkerResponse:
    """Record the address once it has answered and proved that it holds the worker's key."""
    message = await registration.register(request, "chat", worker, services)
    return RegisterChatWorkerResponse(message=message)


main = endpoint(register_chat_worker, caller=worker_seal)
