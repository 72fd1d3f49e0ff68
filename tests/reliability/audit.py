"""Compare the tables with each other, and with the job ids that clients received."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import psycopg
from psycopg.rows import DictRow

from infra.local.config.environment import LIBRARY_BUCKET, WORKSPACE_BUCKET
from tests.reliability.bucket import objects_of
from tests.reliability.fault import Fault
from tests.support.local_system import LocalSystem

Row: TypeAlias = Mapping[str, Any]
Connection: TypeAlias = psycopg.Connection[DictRow]

_TABLES = {
    "jobs": "select id::text, user_id::text, queue, status, destination, num_images, credits,"
    " dispatched_at is not null as holds_slot, error_message from jobs"
    " where user_id = any(%(users)s::uuid[])",
    "assets": "select *, id::text as asset, job_id::text as job from workspace_assets"
    " where user_id = any(%(users)s::uuid[])",
    "library": "select *, source_asset_id::text as source from user_library"
    " where user_id = any(%(users)s::uuid[])",
    "ledger": "select user_id::text, job_id::text as job, kind, amount from credit_ledger"
    " where user_id = any(%(users)s::uuid[])",
    "uses": "select job_id::text as job from usage_logs where user_id = any(%(users)s::uuid[])",
    "profiles": "select id::text, token_balance from profiles where id = any(%(users)s::uuid[])",
    "turns": "select user_id::text, queue, waiting, running from user_queues"
    " where user_id = any(%(users)s::uuid[])",
    "claims": "select job_id::text as job, outcome from job_claims"
    " where job_id in (select id from jobs where user_id = any(%(users)s::uuid[]))",
}
_CLOSED_BY = {"completed": "settle", "failed": "refund", "cancelled": "refund"}


@dataclass
class Audit:
    """The result of an audit."""

    jobs: int
    ended: Counter[str]
    outcomes: Counter[str]
    """How the claims ended."""
    reasons: Counter[str]
    """Why jobs failed."""
    faults: list[Fault] = field(default_factory=list)

    def count(self, kind: str) -> int:
        """Return the number of faults of one kind."""
        return sum(fault.kind == kind for fault in self.faults)


def audit(system: LocalSystem, users: Collection[str], accepted: Collection[str]) -> Audit:
    """Check all rows and objects of these users against the job ids that their clients received."""
    with system.database() as connection:
        return audit_by(connection, system, users, accepted)


def audit_by(
    connection: Connection, system: LocalSystem, users: Collection[str], accepted: Collection[str]
) -> Audit:
    """Run the audit over this connection, and so inside its transaction."""
    params = {"users": list(users)}
    tables: dict[str, Sequence[Row]] = {
        name: connection.execute(query.encode(), params).fetchall()
        for name, query in _TABLES.items()
    }
    jobs = tables["jobs"]
    audit = Audit(
        jobs=len(jobs),
        ended=Counter(job["status"] for job in jobs),
        outcomes=Counter(claim["outcome"] or "open" for claim in tables["claims"]),
        reasons=Counter(job["error_message"] for job in jobs if job["status"] == "failed"),
    )
    audit.faults += _of_acceptance(jobs, set(accepted))
    audit.faults += _of_accounts(jobs, tables)
    audit.faults += _of_assets(jobs, tables, objects_of(system, WORKSPACE_BUCKET, users))
    audit.faults += _of_library(jobs, tables, objects_of(system, LIBRARY_BUCKET, users))
    audit.faults += _of_balances(tables)
    audit.faults += _of_turns(jobs, tables)
    return audit


def _of_acceptance(jobs: Sequence[Row], accepted: set[str]) -> Iterator[Fault]:
    stored = {job["id"] for job in jobs}
    for job_id in accepted - stored:
        yield Fault("lost", f"The accepted job {job_id} is not there.")
    for job_id in stored - accepted:
        yield Fault("doubled", f"No client received the id of the job {job_id}.", job_id)


def _of_accounts(jobs: Sequence[Row], tables: Mapping[str, Sequence[Row]]) -> Iterator[Fault]:
    entries = _by_job(tables["ledger"])
    uses = Counter(row["job"] for row in tables["uses"])
    for job in jobs:
        closing = _CLOSED_BY.get(job["status"])
        if closing is None:
            yield Fault("left", f"The job {job['id']} is {job['status']} still.", job["id"])
            continue
        expected = [
            (closing, job["credits"] if closing == "refund" else 0),
            ("reserve", -job["credits"]),
        ]
        seen = sorted((row["kind"], row["amount"]) for row in entries[job["id"]])
        if seen != sorted(expected):
            message = f"The account of the job {job['id']} ({job['status']}) reads {seen}."
            yield Fault("charge", message, job["id"])
        if uses[job["id"]] != 1:
            yield Fault("charge", f"Job {job['id']} was logged {uses[job['id']]} times.", job["id"])


def _of_assets(
    jobs: Sequence[Row], tables: Mapping[str, Sequence[Row]], objects: Mapping[str, Any]
) -> Iterator[Fault]:
    assets = _by_job(tables["assets"])
    for job in jobs:
        made = job["num_images"] if job["status"] == "completed" else 0
        seen = sorted(asset["asset_index"] for asset in assets[job["id"]])
        if seen != list(range(made)):
            message = f"The job {job['id']} ({job['status']}) has the assets {seen}, not {made}."
            yield Fault("asset", message, job["id"])
        for asset in assets[job["id"]]:
            held = objects.get(asset["temp_storage_path"])
            if held != (asset["file_size_bytes"], asset["crc32c"]):
                message = f"The file of an asset of the job {job['id']} is {held} in the bucket."
                yield Fault("asset", message, job["id"])
            if asset["thumbnail_path"] not in objects:
                yield Fault("asset", f"A thumbnail of the job {job['id']} is gone.", job["id"])


def _of_library(
    jobs: Sequence[Row], tables: Mapping[str, Sequence[Row]], objects: Mapping[str, Any]
) -> Iterator[Fault]:
    """Check that each output for the library is stored once, with its file, and nothing else."""
    kept = {row["source"]: row for row in tables["library"]}
    for_library = {job["id"] for job in jobs if job["destination"] == "library"}
    expected = {row["asset"]: row["job"] for row in tables["assets"] if row["job"] in for_library}
    for asset, job_id in expected.items():
        row = kept.pop(asset, None)
        held = objects.get(row["storage_path"]) if row else None
        if row is None or held != (row["file_size_bytes"], row["crc32c"]):
            yield Fault("asset", f"An asset of the job {job_id} is not in the library.", job_id)
    if kept:
        yield Fault(
            "asset", f"{len(kept)} assets are in the library without a job that put them there."
        )


def _of_balances(tables: Mapping[str, Sequence[Row]]) -> Iterator[Fault]:
    sums: Counter[str] = Counter()
    for row in tables["ledger"]:
        sums[row["user_id"]] += row["amount"]
    for profile in tables["profiles"]:
        balance, added = profile["token_balance"], sums[profile["id"]]
        if balance != added or balance < 0:
            yield Fault("charge", f"A balance is {balance}; its ledger adds up to {added}.")


def _of_turns(jobs: Sequence[Row], tables: Mapping[str, Sequence[Row]]) -> Iterator[Fault]:
    open_jobs = [job for job in jobs if job["status"] not in _CLOSED_BY]
    counted = Counter((job["user_id"], job["queue"], job["holds_slot"]) for job in open_jobs)
    for turn in tables["turns"]:
        who = (turn["user_id"], turn["queue"])
        counts = (turn["waiting"], turn["running"])
        if counts != (counted[*who, False], counted[*who, True]):
            yield Fault("turns", f"The turns of a user are {counts}, and the jobs say otherwise.")


def _by_job(rows: Sequence[Row]) -> defaultdict[str, list[Row]]:
    grouped: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row["job"]].append(row)
    return grouped
