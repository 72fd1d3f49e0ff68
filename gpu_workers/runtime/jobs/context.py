"""Dependencies shared by all jobs of a worker."""

from collections.abc import Sequence
from dataclasses import dataclass

from gpu_workers.runtime.jobs.batching import Inference
from gpu_workers.runtime.jobs.slots import SlotQueue
from gpu_workers.runtime.pipeline import Pipeline, Pipelines
from gpu_workers.runtime.safety.output_check import Safety
from gpu_workers.runtime.transport.clock import Clock
from gpu_workers.runtime.transport.signed_client import SignedClient
from gpu_workers.runtime.transport.signed_urls import Transfer


@dataclass(frozen=True)
class WorkerContext:
    """One worker's pipelines, clients and queues."""

    worker_id: str
    pipelines: Pipelines
    unavailable_pipelines: Sequence[Pipeline]
    """Pipelines whose model could not be loaded."""
    safety: Safety
    queue: SlotQueue
    inference: Inference
    client: SignedClient
    transfer: Transfer
    clock: Clock
