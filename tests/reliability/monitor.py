"""Watch the running jobs in Postgres, ten times a second, also across restarts of Postgres."""

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import psycopg
from psycopg.rows import class_row

from tests.reliability.scale import LEASE_SECONDS

_LOOK_SECONDS = 0.1
_STALE_SECONDS = 0.5
_OF_JOBS = """
    select id::text, status, claim_id::text, extract(epoch from lease_until)::float8 as lease_until,
        extract(epoch from completed_at)::float8 as ended_at
    from jobs where status = 'processing' or id = any(%s::uuid[])
"""


class Seen(NamedTuple):
    """A job at one poll; times in Unix seconds."""

    id: str
    status: str
    claim_id: str | None
    lease_until: float | None
    ended_at: float | None


@dataclass
class Kill:
    """A kill of one part, and the jobs that were running at that moment."""

    victim: str
    at: float
    struck: Mapping[str, Seen]
    back_at: float | None = None
    """When another process of the part answered."""
    jobs_back_at: dict[str, float] = field(default_factory=dict)

    def sees(self, job: Seen, now: float) -> None:
        """Record that a struck job has ended, runs under another claim, or has sent a heartbeat."""
        before = self.struck.get(job.id)
        if before is None or job.id in self.jobs_back_at:
            return
        if job.ended_at is not None:
            self.jobs_back_at[job.id] = max(job.ended_at, self.at)
        elif job.status == "processing" and (
            job.claim_id != before.claim_id
            or (self.victim != "worker" and self._has_heartbeat(job))
        ):
            self.jobs_back_at[job.id] = now

    def is_over(self) -> bool:
        """Return whether every struck job has been recorded."""
        return len(self.jobs_back_at) == len(self.struck)

    def _has_heartbeat(self, job: Seen) -> bool:
        return job.lease_until is not None and job.lease_until - LEASE_SECONDS > self.at


class Monitor:
    """Polls until the block ends."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._seen_at = 0.0
        self._running: dict[str, Seen] = {}
        self.kills: list[Kill] = []
        self.ended = 0

    @contextmanager
    def looking(self) -> Iterator["Monitor"]:
        """Poll while the block runs."""
        thread = threading.Thread(target=self._run, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._stopped.set()
            thread.join()

    def running(self) -> dict[str, Seen]:
        """Return the jobs that ran at the last poll; none where that is too long ago."""
        with self._lock:
            fresh = time.time() - self._seen_at < _STALE_SECONDS
            return dict(self._running) if fresh else {}

    def note(self, kill: Kill) -> None:
        """Watch the jobs that a kill struck."""
        with self._lock:
            self.kills.append(kill)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                with psycopg.connect(self._url, autocommit=True, connect_timeout=2) as connection:
                    while not self._stopped.wait(_LOOK_SECONDS):
                        self._look(connection)
            except psycopg.OperationalError:
                self._stopped.wait(_LOOK_SECONDS)

    def _look(self, connection: psycopg.Connection) -> None:
        with self._lock:
            open_kills = [kill for kill in self.kills if not kill.is_over()]
        watched = {job_id for kill in open_kills for job_id in kill.struck}
        rows = connection.cursor(row_factory=class_row(Seen))
        jobs = rows.execute(_OF_JOBS, [list(watched)]).fetchall()
        counted = connection.execute("select count(*) from jobs where completed_at is not null")
        (ended,) = counted.fetchone() or (0,)
        now = time.time()
        with self._lock:
            self.ended, self._seen_at = ended, now
            self._running = {job.id: job for job in jobs if job.status == "processing"}
        for kill in open_kills:
            for job in jobs:
                kill.sees(job, now)
