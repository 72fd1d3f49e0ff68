"""Row 5: the database's time for a job, beside bare INSERTs; and the counted cost of a job."""

import asyncio
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from tests.performance.bench import costing, fixtures
from tests.performance.bench.baselines import inserts
from tests.performance.bench.figures import Row, Series, fmt
from tests.performance.bench.instrumented_system import Counted, counted
from tests.performance.bench.job_costs import Counts, between, counts, is_frame, live
from tests.performance.bench.scale import Scale

_AIM = 2.0
_WARM_UP = 60
_FLUSH_SECONDS = 1.2
"""A server process reports its statistics with the first statement a second later."""
_FLUSHING = 3
"""Jobs that make every connection of the pool report."""
_ACTIVE = "select active_time::float8 as ms from pg_stat_database where datname = %s"
_DATABASES = ("ourvidz", "floor", "floor_alone")
_MAX_STATEMENTS = 15


@dataclass(frozen=True)
class Round:
    """Results of one round of jobs."""

    jobs: int
    counts: Counts
    trips: Sequence[int]
    active: Sequence[float]
    """Milliseconds of each database, for all jobs."""

    @property
    def statements(self) -> float:
        """Statements per job, without those that begin and end transactions."""
        calls = (
            calls for query, (calls, _) in self.counts.statements.items() if not is_frame(query)
        )
        return sum(calls) / self.jobs

    @property
    def rows(self) -> float:
        """Rows written per job."""
        return self.counts.rows / self.jobs

    @property
    def writes(self) -> float:
        """Writing transactions per job."""
        return self.counts.writes / self.jobs


async def measure(scale: Scale) -> list[Row]:
    """Alternate between three databases of one server: ours, and the baseline in two ways."""
    jobs = scale.of(100, 30)
    async with counted() as system:
        floors = [fixtures.floor_database(system.postgres_port, name) for name in _DATABASES[1:]]
        await live(system, _WARM_UP)
        rounds = [await _round(system, floors, jobs) for _ in range(scale.rounds)]
    costing.write(rounds[-1].counts, rounds[-1].jobs, rounds[-1].trips, _time(rounds, 0))
    return [_row(rounds)]


async def _round(system: Counted, floors: Sequence[str], jobs: int) -> Round:
    await _flush(system)
    active, before = _active(system), counts(system)
    trips = await live(system, jobs)
    await asyncio.sleep(_FLUSH_SECONDS)
    after = between(before, counts(system))
    seen = Round(jobs, after, trips, ())
    many, commits = round(seen.rows), round(seen.writes)
    await asyncio.to_thread(inserts.like_jobs, floors[0], jobs, inserts=many, commits=commits)
    await asyncio.to_thread(inserts.each_alone, floors[1], jobs, inserts=many)
    await _flush(system)
    taken = [now - then for then, now in zip(active, _active(system), strict=True)]
    return Round(jobs, after, trips, taken)


async def _flush(system: Counted) -> None:
    await asyncio.sleep(_FLUSH_SECONDS)
    await live(system, _FLUSHING)


def _active(system: Counted) -> list[float]:
    with system.connected() as connection:
        found = [connection.execute(_ACTIVE, [name]).fetchone() for name in _DATABASES]
    return [float(row["ms"]) if row else 0.0 for row in found]


def _time(rounds: Sequence[Round], number: int) -> list[float]:
    return [one.active[number] / one.jobs for one in rounds]


def _row(rounds: Sequence[Round]) -> Row:
    ours, floor, alone = (_time(rounds, number) for number in range(3))
    ratio = statistics.median(a / b for a, b in zip(ours, floor, strict=True))
    lenient = statistics.median(a / b for a, b in zip(ours, alone, strict=True))
    last = rounds[-1]
    return Row(
        key="5",
        title="database time a job",
        how=(
            f"{len(rounds)} rounds of {rounds[0].jobs} jobs, one at a time, with the noop worker. "
            "The time is pg_stat_database.active_time: every statement of a job's life from its "
            "arrival at the server to its answer, commits and their flushes included. A job writes "
            f"{fmt(last.rows)} rows in {fmt(last.writes)} transactions, by "
            f"{fmt(last.statements)} statements, which read as well. The floor, in a database of "
            "the same server: as many single-row INSERTs into a bare table, in as many "
            "transactions. The lenient floor: each INSERT committed by itself."
        ),
        aim=f"at most {_AIM:.0f} x as many bare INSERTs",
        seen=f"{fmt(ratio)} x; {fmt(lenient)} x the lenient floor",
        holds=ratio <= _AIM,
        series=[
            Series("bare INSERTs, as many commits", "ms", floor),
            Series("a job", "ms", ours),
            Series("bare INSERTs, each committed", "ms", alone),
        ],
        aim_at=_AIM * statistics.median(floor),
        table=_table(rounds[-1]),
        notes=["The table is pg_stat_statements of the last round; it leaves flushes out."],
    )


def _table(one: Round) -> list[list[str]]:
    by_time = sorted(one.counts.statements.items(), key=lambda item: -item[1][1])
    rows = [
        [f"`{query[:90]}`", fmt(calls / one.jobs), fmt(ms / one.jobs)]
        for query, (calls, ms) in by_time[:_MAX_STATEMENTS]
    ]
    return [["statement", "a job", "ms a job"], *rows]
