"""Promise 5: readers of events that are disconnected miss nothing, and see nothing out of order.

Every reader must receive all events that ``change_events`` has for its user, each once, in order.
"""

import asyncio
import math
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from tests.reliability.clients import Clients, orders
from tests.reliability.fault import Fault
from tests.reliability.reader import Position, Reader
from tests.reliability.recovery import until_ended
from tests.reliability.report import Proof, counted
from tests.reliability.scale import SLOTS, Scale
from tests.support.local_system import LocalSystem, UserClient

_USERS = 6
_READERS_OF_EACH = 4
_DISCONNECTS_A_JOB = 6
_LAST_SECONDS = 120
"""Time after the last job for a reader to receive the remaining events."""
_LOOK_SECONDS = 0.1
_OPEN = {"queued", "processing"}
_ENDS = {"completed", "failed", "cancelled"}
_FOLLOWS: dict[str, set[str | None]] = {"queued": {None, "processing"}, "processing": {"queued"}}
"""The statuses that may precede each status of a job; an end may follow either."""
_KEPT = """
    select xid::text::bigint as xid, seq, user_id::text as user_id from change_events
    where user_id = any(%s::uuid[]) order by xid, seq
"""
_JOBS = "select id::text, user_id::text, status from jobs where user_id = any(%s::uuid[])"


def prove(system: LocalSystem, scale: Scale) -> Proof:
    """Disconnect readers at random while jobs run, and compare what each received with the rows."""
    proof = Proof(
        5,
        "event streams that are cut off",
        f"{scale.disconnects} disconnects: no end of a job missing or out of order",
    )
    people = [UserClient(system) for _ in range(_USERS)]
    readers = [
        Reader(person, scale.chance(f"reader {number} {copy}"))
        for number, person in enumerate(people)
        for copy in range(_READERS_OF_EACH)
    ]
    clients = Clients()
    kept = asyncio.run(_read(system, people, readers, clients, scale))
    ends = _ends(system, people)
    for reader in readers:
        user = reader.person.id
        proof.blame(system, *_faults_of(reader, kept[user], ends[user]))
    _report(proof, readers, kept)
    proof.blame(system, *clients.faults, *clients.doubles())
    return proof


def _report(
    proof: Proof, readers: Sequence[Reader], kept: Mapping[str, Sequence[Position]]
) -> None:
    cuts, refused = sum(reader.cuts for reader in readers), Counter[str]()
    for reader in readers:
        refused += reader.refused
    read = sum(len(reader.jobs) for reader in readers)
    proof.add_figure("readers", f"{len(readers)}, of {len(kept)} users")
    proof.add_figure("disconnects", cuts)
    proof.add_figure("streams refused or lost", counted(refused))
    proof.add_figure("events kept", sum(map(len, kept.values())))
    proof.add_figure("events read", sum(len(reader.seen) for reader in readers))
    proof.add_figure("job histories read", read)
    proof.seen = (
        f"{cuts} disconnects of {len(readers)} readers; {read} job histories read, "
        f"{len(proof.faults)} faults"
    )


async def _read(
    system: LocalSystem,
    people: Sequence[UserClient],
    readers: Sequence[Reader],
    clients: Clients,
    scale: Scale,
) -> dict[str, list[Position]]:
    """Read until there were enough disconnects and all is read; return what there was to read."""
    requests = orders(people, scale.disconnects // _DISCONNECTS_A_JOB, scale.chance("read jobs"))
    cuts = math.ceil(scale.disconnects / len(readers))
    reading = [asyncio.create_task(reader.read(cuts=cuts)) for reader in readers]
    await asyncio.gather(*(reader.began.wait() for reader in readers))

    def may_go(number: int) -> bool:
        done = sum(reader.cuts for reader in readers) / scale.disconnects
        return number <= 2 * SLOTS + len(requests) * done

    await asyncio.to_thread(clients.send, requests, threads=4, may_go=may_go)
    await asyncio.to_thread(until_ended, system, [person.id for person in people], seconds=120)
    kept = _kept(system, people)
    await asyncio.to_thread(_wait_until_read, readers, kept, cuts)
    for one in reading:
        one.cancel()
    await asyncio.wait(reading)
    return kept


def _wait_until_read(
    readers: Sequence[Reader], kept: Mapping[str, Sequence[Position]], cuts: int
) -> None:
    """Wait, up to a limit, until every reader was disconnected as planned and is up to date."""
    until = time.monotonic() + _LAST_SECONDS
    while time.monotonic() < until and any(
        reader.cuts < cuts or not reader.has_seen(kept[reader.person.id]) for reader in readers
    ):
        time.sleep(_LOOK_SECONDS)


def _kept(system: LocalSystem, people: Sequence[UserClient]) -> dict[str, list[Position]]:
    """Return the positions of each user's events in the database."""
    kept: dict[str, list[Position]] = {person.id: [] for person in people}
    for row in system.rows(_KEPT, list(kept)):
        kept[row["user_id"]].append((row["xid"], row["seq"]))
    return kept


def _ends(system: LocalSystem, people: Sequence[UserClient]) -> dict[str, dict[str, str]]:
    """Return the status of each user's jobs in the database."""
    ends: dict[str, dict[str, str]] = {person.id: {} for person in people}
    for row in system.rows(_JOBS, list(ends)):
        ends[row["user_id"]][row["id"]] = row["status"]
    return ends


def _faults_of(
    reader: Reader, kept: Sequence[Position], ends: Mapping[str, str]
) -> Iterator[Fault]:
    """Return events that a reader missed, received twice, or received out of order."""
    who = f"A reader of {reader.person.id}"
    if reader.resets:
        yield Fault("reset", f"{who} was reset {reader.resets} times.")
    if missed := len(set(kept) - set(reader.seen)):
        yield Fault("missed", f"{who} missed {missed} of {len(kept)} events.")
    if disorder := sum(before >= after for before, after in pairwise(reader.seen)):
        yield Fault("order", f"{who} saw {disorder} events twice or out of order.")
    for job_id, end in ends.items():
        seen = reader.jobs[job_id]
        if not is_a_life(seen) or seen[-1] != end:
            yield Fault("order", f"{who} saw the job {job_id} as {' → '.join(seen)}.", job_id)


def is_a_life(statuses: Sequence[str]) -> bool:
    """Return whether a job is queued first, processed only after queued, and ends once and last."""
    changes = [now for before, now in pairwise([None, *statuses]) if before != now]
    order = all(
        before in _FOLLOWS.get(str(now), _OPEN) for before, now in pairwise([None, *changes])
    )
    ends = sum(status in _ENDS for status in statuses)
    return order and ends == 1 and statuses[-1] in _ENDS
