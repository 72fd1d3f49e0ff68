"""Worker process entry point."""

from gpu_workers.runtime import settings
from gpu_workers.runtime.jobs.worker import Worker
from gpu_workers.runtime.pipeline import Pipelines
from gpu_workers.runtime.provenance import signing
from gpu_workers.runtime.safety.output_check import Safety
from gpu_workers.runtime.safety.settings import safety as safety_settings
from gpu_workers.runtime.server import server
from gpu_workers.runtime.server.app import application
from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.transport.registration import register
from shared.telemetry import tracing


def serve(pipelines: Pipelines) -> None:
    """Run a worker until SIGTERM or SIGINT. It does not return: the process exits."""
    # The worker exports its spans itself before it exits.
    tracing.process = tracing.Process(service_name="worker", flush_on_sigterm=False)
    signing.check_signer()
    server.run(_serve(settings.worker(), pipelines, Safety(safety_settings())))


async def _serve(settings: WorkerSettings, pipelines: Pipelines, safety: Safety) -> int:
    async with server.client() as http:
        worker = Worker(settings, pipelines, http, safety)

        async def make_known() -> None:
            if settings.has_public_url:
                await register(settings, worker.available_pipelines, worker.client)

        return await server.serve(
            application(worker),
            worker,
            host=settings.host,
            port=settings.port,
            make_known=make_known,
        )
