"""The arithmetic of the proofs."""

import pytest

from tests.reliability.fairness import jain
from tests.reliability.monitor import Kill, Seen
from tests.reliability.readers import is_a_life
from tests.reliability.report import percentile
from tests.reliability.returns import NEVER, returns

RAN = {"job": Seen("job", "processing", "claim", 105.0, None)}


def test_the_jain_index_is_one_for_equals_and_a_share_where_one_has_all() -> None:
    assert jain([7, 7, 7]) == 1
    assert jain([9, 0, 0]) == pytest.approx(1 / 3)


def test_a_percentile_is_a_value_that_was_seen() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2
    assert percentile([3.0, 1.0, 2.0], 0.95) == 3
    assert percentile([], 0.95) == 0


@pytest.mark.parametrize(
    ("now", "is_back"),
    [
        (Seen("job", "processing", "claim", 105.0, None), False),
        (Seen("job", "processing", "claim", 106.0, None), True),
        (Seen("job", "processing", "another", 109.0, None), True),
        (Seen("job", "queued", None, None, None), False),
        (Seen("job", "completed", "claim", None, 102.0), True),
    ],
)
def test_a_killed_job_counts_as_recovered_once_it_is_claimed_or_ended(
    now: Seen, *, is_back: bool
) -> None:
    kill = Kill("gateway", 100.5, RAN)
    kill.sees(now, 103.0)
    assert kill.is_over() == is_back


def test_after_its_workers_end_a_heartbeat_of_the_old_claim_is_no_return() -> None:
    kill = Kill("worker", 100.5, RAN)
    kill.sees(Seen("job", "processing", "claim", 106.0, None), 103.0)
    assert not kill.is_over()


def test_downtime_by_later_kills_is_counted_separately() -> None:
    first = Kill("worker", 100.0, RAN, back_at=101.0, jobs_back_at={"job": 118.0})
    later = [
        Kill("gateway", 105.0, {}, back_at=107.0),
        Kill("tasks", 106.0, {}, back_at=108.0),
        Kill("storage", 117.0, {}, back_at=120.0),
        Kill("postgres", 119.0, {}, back_at=121.0),
    ]
    (found,) = returns([first, *later])
    assert (found.seconds, len(found.others), found.whole_seconds) == (18.0, 3, 14.0)


def test_a_job_that_never_came_back_was_away_for_ever() -> None:
    (found,) = returns([Kill("worker", 100.0, RAN)])
    assert found.seconds == found.whole_seconds == NEVER


@pytest.mark.parametrize(
    ("statuses", "is_one"),
    [
        ("queued processing completed", True),
        ("queued processing queued processing processing failed", True),
        ("queued cancelled", True),
        ("processing completed", False),
        ("queued processing", False),
        ("queued processing completed completed", False),
        ("queued processing completed processing", False),
        ("", False),
    ],
)
def test_a_life_begins_queued_and_ends_once(statuses: str, *, is_one: bool) -> None:
    assert is_a_life(statuses.split()) == is_one
