"""The worker's clock, corrected by the Date header of a 401."""

import pytest

from gpu_workers.runtime.transport.clock import Clock

EPOCH_PLUS_A_DAY = "Fri, 02 Jan 1970 00:00:00 GMT"


def test_clock_is_its_source_until_it_is_corrected() -> None:
    assert Clock(lambda: 1000.0).now() == 1000


@pytest.mark.parametrize("own", [0.0, 86_400.0, 9_999_999.0])
def test_corrected_clock_continues_from_the_server_time(own: float) -> None:
    readings = iter([own, own, own + 7])
    clock = Clock(lambda: next(readings))
    assert clock.correct(EPOCH_PLUS_A_DAY)
    assert clock.now() == 86_400.5
    assert clock.now() == 86_407.5


def test_second_correction_replaces_the_first() -> None:
    clock = Clock(lambda: 0.0)
    clock.correct("Sun, 06 Nov 1994 08:49:37 GMT")
    clock.correct(EPOCH_PLUS_A_DAY)
    assert clock.now() == 86_400.5


@pytest.mark.parametrize("date", [None, "", "yesterday", "86400"])
def test_unreadable_date_leaves_the_clock_alone(date: str | None) -> None:
    clock = Clock(lambda: 1000.0)
    assert not clock.correct(date)
    assert clock.now() == 1000
