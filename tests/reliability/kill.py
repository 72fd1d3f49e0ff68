"""Promise 1: whatever is killed, no job is lost, doubled or charged twice, and each runs again."""

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from tests.reliability.audit import Audit, audit
from tests.reliability.chaos import blows, strike
from tests.reliability.clients import Clients, Order, orders
from tests.reliability.fault import Fault
from tests.reliability.monitor import Kill, Monitor
from tests.reliability.processes import PARTS, Parts
from tests.reliability.recovery import until_ended
from tests.reliability.report import Proof, counted, spread
from tests.reliability.returns import NEVER, Return, returns
from tests.reliability.scale import BOUND_SECONDS, SLOTS, Scale
from tests.support.local_system import LocalSystem, UserClient

_USERS = 5
_THREADS = 6
_MAX_OPEN = 5 * SLOTS
"""Jobs that are queued or running at a time, so that there is always work until the last."""
_DRAIN_SECONDS = 180
_MIN_REPEATED = 50


def prove(system: LocalSystem, scale: Scale) -> Proof:
    """Kill while jobs are queued and running, then audit everything."""
    proof = Proof(
        1,
        "kill -9 of any part",
        f"{scale.kills} kills over {scale.jobs} jobs: nothing lost, nothing doubled, each job in "
        f"work running again within {BOUND_SECONDS:.0f} s in which no later kill kept a part away",
    )
    people = [UserClient(system) for _ in range(_USERS)]
    users = [person.id for person in people]
    requests = orders(people, scale.jobs, scale.chance("orders"))
    clients, parts = Clients(), Parts(system)
    with Monitor(parts.database_url).looking() as monitor:
        _run(clients, requests, parts, monitor, scale)
        drained_in = until_ended(system, users, seconds=_DRAIN_SECONDS)
        time.sleep(1)  # the monitor sees the last end
    _ask_again(clients, requests, scale)
    found = audit(system, users, clients.job_ids())
    _report(proof, clients, found, monitor.kills)
    proof.seen = _seen(found, monitor.kills)
    proof.add_figure("from the last kill until the last job had ended", f"{drained_in:.1f} s")
    found.faults += [*clients.faults, *clients.doubles(), *_faults_of(monitor.kills)]
    proof.blame(system, *found.faults)
    return proof


def _run(
    clients: Clients, requests: Sequence[Order], parts: Parts, monitor: Monitor, scale: Scale
) -> None:
    planned = blows(scale.kills, scale.chance("kills"))
    with ThreadPoolExecutor(1) as background:
        sending = background.submit(
            clients.send,
            requests,
            threads=_THREADS,
            may_go=lambda number: number < monitor.ended + _MAX_OPEN,
        )
        strike(planned, parts, monitor, jobs=scale.jobs)
        sending.result()


def _ask_again(clients: Clients, requests: Sequence[Order], scale: Scale) -> None:
    """Repeat some keys after everything has ended: no further job may be created."""
    chance = scale.chance("repeated keys")
    for order in chance.sample(requests, min(_MIN_REPEATED, len(requests))):
        clients.persist(order)


def _report(proof: Proof, clients: Clients, audit: Audit, kills: Sequence[Kill]) -> None:
    by_victim = Counter(kill.victim for kill in kills)
    holding = Counter(kill.victim for kill in kills if kill.struck)
    away = [kill.back_at - kill.at for kill in kills if kill.back_at]
    for part in PARTS:
        summary = f"{by_victim[part]}, of which {holding[part]} while jobs ran"
        proof.add_figure(f"kills of {part}", summary)
    proof.add_figure("a part was away", spread(away))
    proof.add_figure("jobs", f"{audit.jobs}: {counted(audit.ended)}")
    proof.add_figure("why jobs failed", counted(audit.reasons))
    proof.add_figure("how claims ended", counted(audit.outcomes))
    proof.add_figure("responses to clients", counted(clients.answers))
    for kind in ("lost", "doubled", "asset", "charge", "turns", "left"):
        proof.add_figure(f"faults: {kind}", audit.count(kind))
    back = list(returns(kills))
    for part in PARTS:
        seconds = [one.seconds for one in back if part == one.kill.victim]
        proof.add_figure(f"a job was back after a kill of {part}", spread(seconds))
    proof.add_figure("a job was back after any kill", spread([one.seconds for one in back]))
    proof.add_figure(
        "the same, without what later kills kept parts away",
        spread([one.whole_seconds for one in back]),
    )


def _seen(audit: Audit, kills: Sequence[Kill]) -> str:
    at_work = sum(bool(kill.struck) for kill in kills)
    longest = max((one.whole_seconds for one in returns(kills)), default=0)
    return (
        f"{len(kills)} kills, {at_work} while jobs ran; {audit.count('lost')} lost, "
        f"{audit.count('doubled')} doubled, {audit.count('asset')} wrong assets, "
        f"{audit.count('charge')} wrong charges, {audit.ended['failed']} failed with a refund; "
        f"back within {longest:.1f} s"
    )


def _faults_of(kills: Sequence[Kill]) -> Iterator[Fault]:
    """Return kills that hit no running job, and jobs that took too long to run again."""
    if 2 * sum(bool(kill.struck) for kill in kills) < len(kills):
        yield Fault("idle", "Less than half of the kills were while jobs ran: they prove little.")
    for one in returns(kills):
        if one.whole_seconds > BOUND_SECONDS:
            yield Fault("late", _message(one), one.job_id)


def _message(late: Return) -> str:
    others = [f"{kill.victim} after {kill.at - late.kill.at:.1f} s" for kill in late.others]
    back = "never back" if late.seconds == NEVER else f"back {late.seconds:.1f} s"
    return (
        f"Job {late.job_id} was {back} after a kill of {late.kill.victim}; "
        f"killed in that time: {', '.join(others) or 'nothing'}."
    )
