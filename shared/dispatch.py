"""Dispatch: Postgres holds the backlog, Cloud Tasks only what is about to run.

``fill`` gives each active worker as many jobs as it has slots, and a look-ahead, so that it never
idles between two. It is called after every change that frees a slot or adds a job; were a call
lost, the sweep makes it up.
"""

import asyncio

from shared import tracing
from shared.contracts import signature
from shared.contracts.catalogue import CATALOGUE, WORKER_TYPES, QueueName
from shared.contracts.letters import JobMessage, Parameters
from shared.errors import UnavailableError
from shared.log import logger
from shared.queries import life, turns, workers
from shared.queries.connection import Connection
from shared.queries.jobs import Job
from shared.queries.turns import Address
from shared.services import Services
from shared.tracing import Facts

Dispatched = tuple[Job, Address]
"""A job, and where its task goes."""

LEAST_CLAIM_SECONDS = 60
"""A dispatched job that nobody claims in this time, and that of the line before it, waits again."""

LOST_TASK_SECONDS = 5
"""A dispatched job that nobody claims in this time may have no task."""


async def fill(services: Services, queue: QueueName) -> int:
    """Dispatch what there is room for; how many jobs.

    It raises nothing: whoever calls it has committed a change that stands without it.
    """
    try:
        chosen = await _choose(services, queue)
    except UnavailableError:
        return 0
    await asyncio.gather(*(_send_or_withdraw(services, *one) for one in chosen))
    return len(chosen)


async def at_once(
    services: Services, connection: Connection, job: Job, line: turns.Line
) -> Dispatched | None:
    """Give a slot to a job in the transaction that stores it, where it alone waits.

    That saves a commit. None where there are others to choose among, where no slot is free, or
    while another fill goes on. ``follow`` does the rest, once that transaction is committed.
    """
    if not line.is_locked:
        return None
    slots = await _free_slots(services, connection, job.queue)
    return await _give(connection, job, slots[0]) if slots else None


async def follow(services: Services, queue: QueueName, dispatched: Dispatched | None) -> None:
    """Make the task of what ``at_once`` gave a slot; else fill. It raises nothing."""
    if dispatched:
        await _send_or_withdraw(services, *dispatched)
    else:
        await fill(services, queue)


async def send_again(services: Services, *, most: int) -> int:
    """Make the tasks of jobs that should long have been claimed; how many.

    A process may die between the commit of a dispatch and its task. A task that does exist has the
    same name, so that making it again is nothing.
    """
    async with services.database.transaction() as connection:
        unclaimed = await turns.unclaimed(connection, seconds=LOST_TASK_SECONDS, most=most)
    known = [one for one in unclaimed if services.settings.keys_of(one[1].key_id)]
    await asyncio.gather(*(_send(services, *one) for one in known))
    return len(known)


async def _choose(services: Services, queue: QueueName) -> list[Dispatched]:
    """Give slots to jobs, fairly, in one transaction.

    The first look takes no lock. Where it finds no free slot, whoever frees one fills after its
    own commit, and finds this job committed.
    """
    async with services.database.autocommit() as connection:
        if not await _free_slots(services, connection, queue):
            return []
    async with services.database.transaction() as connection:
        await turns.lock(connection, queue)
        slots = await _free_slots(services, connection, queue)
        return await _assign(connection, queue, slots)


async def _free_slots(
    services: Services, connection: Connection, queue: QueueName
) -> list[workers.OpenWorker]:
    """One entry a free slot, the freest workers' first; none where no job waits."""
    open_workers = await workers.open_for(
        connection,
        WORKER_TYPES[queue],
        queue=queue,
        look_ahead=services.settings.look_ahead,
        key_ids=list(services.settings.worker_keys),
    )
    most = max((worker.free for worker in open_workers), default=0)
    return [
        worker for level in range(most, 0, -1) for worker in open_workers if worker.free >= level
    ]


async def _assign(
    connection: Connection, queue: QueueName, slots: list[workers.OpenWorker]
) -> list[Dispatched]:
    assigned = []
    for worker in slots:
        waiting = await turns.first_by_priority(connection, queue)
        waiting = waiting or await turns.first_by_turn(connection, queue)
        if waiting is None:
            break
        if dispatched := await _give(connection, waiting, worker):
            assigned.append(dispatched)
    return assigned


async def _give(
    connection: Connection, job: Job | turns.Waiting, worker: workers.OpenWorker
) -> Dispatched | None:
    given = await life.dispatch(
        connection, job.id, worker_id=worker.id, claim_seconds=_claim_seconds(job)
    )
    return (given, Address(worker.worker_url, worker.key_id)) if given else None


async def _send_or_withdraw(services: Services, job: Job, address: Address) -> None:
    """Where the task cannot be made, the job gives its slot back and waits again."""
    try:
        await _send(services, job, address)
    except UnavailableError:
        await _withdraw(services, job)


async def _send(services: Services, job: Job, address: Address) -> None:
    """In the job's own trace, whoever's request it is that sends it."""
    facts: Facts = {"ourvidz.job_id": str(job.id), "ourvidz.dispatch_no": job.dispatch_no}
    with tracing.span(
        f"send {job.queue}", "producer", parent=job.traceparent, facts=facts
    ) as traced:
        await _make_task(services, job, address, traced.traceparent)


async def _make_task(
    services: Services, job: Job, address: Address, traceparent: str | None
) -> None:
    name = f"{job.id}-{job.dispatch_no}"
    body = _message(job, traceparent).model_dump_json(by_alias=True).encode()
    headers = signature.seal(
        services.settings.keys_of(address.key_id)[0],
        worker_id=address.key_id,
        message_id=name,
        timestamp=int(services.clock()),
        body=body,
    )
    if traceparent:
        headers["traceparent"] = traceparent
    url = f"{address.url}/jobs"
    await services.tasks.create(job.queue, name, url=url, headers=headers, body=body)


async def _withdraw(services: Services, job: Job) -> None:
    try:
        async with services.database.transaction() as connection:
            await life.withdraw(connection, job.id, dispatch_no=job.dispatch_no)
    except UnavailableError:
        logger.warning("a job keeps its slot until the sweep", extra={"fields": {"job_id": job.id}})


def _message(job: Job, traceparent: str | None) -> JobMessage:
    return JobMessage(
        job_id=job.id,
        user_id=job.user_id,
        dispatch_no=job.dispatch_no,
        job_type=job.job_type,
        parameters=Parameters.model_validate(job.parameters),
        reference_roles=job.reference_roles,
        traceparent=traceparent,
        expires_at=job.expires_at,
    )


def _claim_seconds(job: Job | turns.Waiting) -> float:
    """How long a job may lie with a worker unclaimed: the line before it, and a minute."""
    return CATALOGUE[job.job_type].expected_seconds * job.num_images + LEAST_CLAIM_SECONDS
