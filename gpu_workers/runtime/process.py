"""The process of a worker that runs jobs."""

from gpu_workers.runtime import provenance, safety_settings, server, settings
from gpu_workers.runtime.api import application
from gpu_workers.runtime.pipeline import Pipelines
from gpu_workers.runtime.registration import register
from gpu_workers.runtime.safety import Safety
from gpu_workers.runtime.settings import WorkerSettings
from gpu_workers.runtime.worker import Worker
from shared.telemetry import tracing


def serve(pipelines: Pipelines) -> None:
    """Run a worker until it is told to end. It does not return: the process exits."""
    # The worker exports its spans itself before it exits.
    tracing.process = tracing.Process(service_name="worker", flush_on_sigterm=False)
    provenance.ready()
    server.run(_serve(settings.worker(), pipelines, Safety(safety_settings.safety())))


async def _serve(own: WorkerSettings, pipelines: Pipelines, safety: Safety) -> int:
    async with server.client() as http:
        worker = Worker(own, pipelines, http, safety)

        async def make_known() -> None:
            if own.knows_its_address:
                await register(own, worker.served, worker.mailbox)

        return await server.serve(
            application(worker), worker, host=own.host, port=own.port, make_known=make_known
        )
