"""The trace of a job on a worker, as its callbacks carry it."""

import httpx

from gpu_workers.runtime.jobs import task_result
from tests.unit.fake_services import Neighbours
from tests.unit.worker_fixtures import Stepping, message, working

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
KEPT = f"00-{TRACE}-00f067aa0ba902b7-01"


class _Listening(Neighbours):
    def __init__(self) -> None:
        super().__init__()
        self.traces: dict[str, set[str | None]] = {}

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = await super().__call__(request)
        if request.method == "POST":
            traces = self.traces.setdefault(self.kinds[-1], set())
            traces.add(request.headers.get("traceparent"))
        return answer


async def test_heartbeats_are_of_the_trace_and_not_kept() -> None:
    neighbours = _Listening()
    job = message().model_copy(update={"traceparent": KEPT})
    neighbours.ended.add(job.job_id)
    async with working(neighbours, {"sdxl": Stepping()}) as worker:
        assert await worker.run(job) is task_result.STOPPED
    assert neighbours.traces == {"claim": {KEPT}, "heartbeat": {KEPT[:-2] + "00"}}


async def test_a_job_without_a_trace_has_none() -> None:
    neighbours = _Listening()
    job = message()
    neighbours.ended.add(job.job_id)
    async with working(neighbours, {"sdxl": Stepping()}) as worker:
        await worker.run(job)
    assert neighbours.traces == {"claim": {None}, "heartbeat": {None}}
