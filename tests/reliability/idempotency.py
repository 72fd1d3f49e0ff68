"""Promise 3: however often a request is sent with one Idempotency-Key, there is one job."""

import time
from concurrent.futures import ThreadPoolExecutor

from tests.reliability.audit import audit
from tests.reliability.clients import Clients, Order, orders
from tests.reliability.processes import Parts
from tests.reliability.recovery import until_ended
from tests.reliability.report import Proof, counted, spread
from tests.reliability.scale import Scale
from tests.support.local_system import LocalSystem, UserClient

_LATEST_KILL_SECONDS = 0.3


def prove(system: LocalSystem, scale: Scale) -> Proof:
    """Send many requests at once for each key; under the last key also kill the gateway."""
    proof = Proof(
        3,
        "one Idempotency-Key, many submissions",
        f"{scale.askers} submissions at once: one job",
    )
    people, clients = [UserClient(system) for _ in range(scale.keys)], Clients()
    chance = scale.chance("keys")
    requests = [order for person in people for order in orders([person], 1, chance)]
    seconds = [_submit(order, clients, scale) for order in requests[:-1]]
    seconds.append(_submit(requests[-1], clients, scale, Parts(system)))
    users = [person.id for person in people]
    until_ended(system, users, seconds=120)
    found = audit(system, users, clients.job_ids())
    proof.add_figure("keys", f"{scale.keys}, the last with a kill of the gateway")
    proof.add_figure("responses to clients", counted(clients.answers))
    proof.add_figure("jobs", f"{found.jobs}: {counted(found.ended)}")
    proof.add_figure("until every client of a key had its 202", spread(seconds))
    proof.seen = f"{scale.keys} keys of {scale.askers} submissions each: {found.jobs} jobs"
    proof.blame(system, *found.faults, *clients.faults, *clients.doubles())
    return proof


def _submit(order: Order, clients: Clients, scale: Scale, killed: Parts | None = None) -> float:
    """Send one request from many clients at once; return the seconds until each had its 202."""
    began, same = time.monotonic(), [order] * scale.askers
    with ThreadPoolExecutor(1) as background:
        asking = background.submit(clients.send, same, threads=scale.askers, may_go=lambda _: True)
        if killed:
            time.sleep(scale.chance("the gateway's end").uniform(0, _LATEST_KILL_SECONDS))
            killed.wait_for("gateway", killed.kill("gateway"))
        asking.result()
    return time.monotonic() - began
