"""The chat worker's process; it registers with the functions if they are configured."""

from gpu_workers.chat.app import application
from gpu_workers.chat.worker import ChatWorker
from gpu_workers.runtime import settings
from gpu_workers.runtime.server import server
from gpu_workers.runtime.settings import ChatSettings, WorkerSettings
from gpu_workers.runtime.transport.clock import Clock
from gpu_workers.runtime.transport.registration import register
from gpu_workers.runtime.transport.signed_client import SignedClient


def serve() -> None:
    """Run the worker until SIGTERM or SIGINT. It does not return: the process exits."""
    chat_settings = settings.chat()
    known_as = settings.worker() if chat_settings.should_register else None
    server.run(_serve(chat_settings, known_as))


async def _serve(settings: ChatSettings, known_as: WorkerSettings | None) -> int:
    worker = ChatWorker(settings)

    async def make_known() -> None:
        if known_as is not None:
            await _register(worker, known_as)

    return await server.serve(
        application(worker, known_as),
        worker,
        host=settings.host,
        port=settings.port,
        make_known=make_known,
    )


async def _register(worker: ChatWorker, known_as: WorkerSettings) -> None:
    async with server.client() as http:
        await register(known_as, {"chat": worker}, SignedClient(http, known_as, Clock()))
