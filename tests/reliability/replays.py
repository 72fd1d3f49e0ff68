"""Promise 2: a task delivered three times and a callback sent many times leave the same rows."""

from collections.abc import Collection

from tests.reliability.audit import Audit, audit
from tests.reliability.clients import Clients, orders
from tests.reliability.fault import Fault
from tests.reliability.proxy import DELIVERIES, REPLAYS, Relay
from tests.reliability.recovery import until_ended
from tests.reliability.report import Proof, counted
from tests.reliability.scale import Scale
from tests.reliability.worker_process import working
from tests.support.local_system import LocalSystem, UserClient

_USERS = 3
_THREADS = 4
_SECONDS_A_JOB = 5.0
_ROWS = """
    select md5(coalesce(string_agg(row_text, '' order by row_text), '')) from (
        select (to_jsonb(jobs) - 'cleanup_after')::text as row_text from jobs
            where user_id = any(%(users)s::uuid[])
        union all select to_jsonb(workspace_assets)::text from workspace_assets
            where user_id = any(%(users)s::uuid[])
        union all select to_jsonb(credit_ledger)::text from credit_ledger
            where user_id = any(%(users)s::uuid[])
        union all select to_jsonb(profiles)::text from profiles
            where id = any(%(users)s::uuid[])
        union all select to_jsonb(job_claims)::text from job_claims
            where job_id in (select id from jobs where user_id = any(%(users)s::uuid[]))
    ) as rows
"""


def prove(system: LocalSystem, scale: Scale) -> Proof:
    """Run jobs through a proxy that repeats every message, and repeat all once more at the end."""
    proof = Proof(
        2,
        "every message repeated",
        f"each task delivered {DELIVERIES} times and shuffled, each callback replayed {REPLAYS} "
        "times: the same rows",
    )
    people, clients = [UserClient(system) for _ in range(_USERS)], Clients()
    users = [person.id for person in people]
    relay = Relay(system.base, scale.chance("relay"))
    with relay.serving(), working(system, relay=relay):
        requests = orders(people, scale.replayed_jobs, scale.chance("replayed"))
        clients.send(requests, threads=_THREADS, may_go=lambda _: True)
        until_ended(system, users, seconds=120 + _SECONDS_A_JOB * scale.replayed_jobs)
        relay.settle()
        before = _rows(system, users)
        relay.repeat()
        same = before == _rows(system, users)
    found = audit(system, users, clients.job_ids())
    _report(proof, relay, found, same=same)
    faults = [*found.faults, *clients.faults, *clients.doubles(), *_server_errors(relay)]
    proof.blame(system, *faults)
    return proof


def _report(proof: Proof, relay: Relay, audit: Audit, *, same: bool) -> None:
    passed, rows = relay.passed(), "the same" if same else "others"
    proof.add_figure(
        "tasks", f"{passed['jobs']}, each delivered {DELIVERIES} times, then once more"
    )
    proof.add_figure("callbacks", f"{passed['job-callback']}, each replayed {REPLAYS} times")
    proof.add_figure("answers", counted(relay.answers))
    proof.add_figure("jobs", f"{audit.jobs}: {counted(audit.ended)}")
    proof.add_figure("how claims ended", counted(audit.outcomes))
    proof.add_figure("rows after the last replays", rows)
    proof.seen = (
        f"{passed['jobs']} tasks and {passed['job-callback']} callbacks of {audit.jobs} jobs, "
        f"rows after the last replays: {rows}"
    )
    if not same:
        proof.faults.append(Fault("replay", "The replays after the end changed rows."))


def _rows(system: LocalSystem, users: Collection[str]) -> str:
    """Return a digest of every row that must not change."""
    with system.database() as connection:
        found = connection.execute(_ROWS.encode(), {"users": list(users)})
        return str((found.fetchone() or {})["md5"])


def _server_errors(relay: Relay) -> list[Fault]:
    return [
        Fault("answer", f"{count} answers were {what}.")
        for what, count in relay.answers.items()
        if what.startswith(("job-callback: 5", "jobs: 500"))
    ]
