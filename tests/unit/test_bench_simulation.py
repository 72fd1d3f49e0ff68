"""The control plane's simulation, compared with results that can be computed by hand."""

import itertools
import math
from dataclasses import replace
from pathlib import Path

import pytest

from tests.performance import simulate
from tests.performance.queueing_model import Plant, Times, most, poisson, run, with_workers
from tests.performance.simulate import Measured

TIMES = Times(accept=1, hear=1, report=1, store=2, claim=2, end=2, work=10)
STEADY = Plant(TIMES, dispatches_a_second=0.5, is_steady=True)


def assert_most(plant: Plant, rate: float, part: str) -> None:
    seen, busiest = most(plant)
    assert seen == pytest.approx(rate, rel=0.01)
    assert busiest == part


def test_one_job_takes_the_sum_of_its_parts() -> None:
    # accept 1, store 2, queue 2, claim request 1, claim 2, work 10, report 1, end 2.
    assert run(STEADY, [0.0]).took == [21.0]


def test_a_second_job_waits_for_the_slot_and_not_for_its_claim_before() -> None:
    # It is stored at 5 and leaves the queue at 7; the slot is free at 21; then 1 + 2 + 10 + 1 + 2.
    assert run(STEADY, [0.0, 0.0]).ended == [21.0, 37.0]


def test_what_is_saturated_serves_at_the_pace_of_its_slowest_part() -> None:
    assert_most(STEADY, 1 / 16, "workers")
    # One job takes 2 + 2 + 2 of the single database.
    crowd = with_workers(STEADY, 20, 10)
    assert_most(crowd, 1 / 6, "database")
    assert_most(replace(crowd, database_cores=8, processes=8), 0.5, "queue")


def test_waiting_for_disks_keeps_nothing_busy() -> None:
    slow = replace(STEADY, times=replace(TIMES, flush=100))
    assert run(slow, [0.0]).took == [21.0 + 3 * 100]
    assert most(with_workers(slow, 60, 10))[0] == pytest.approx(1 / 6, rel=0.03)


def test_parts_that_share_a_machine_share_its_cores() -> None:
    shared = replace(with_workers(STEADY, 50, 10), cores=1, dispatches_a_second=1000)
    # 9 of functions and database and 10 of work, all on one core.
    assert most(shared)[0] == pytest.approx(1 / 19, rel=0.01)


def test_a_line_of_random_services_waits_as_queueing_theory_says() -> None:
    # M/M/1 at half its load: a job takes 1 / (1 - 0.5) service times on average.
    alone = replace(TIMES, accept=0, hear=0, report=0, store=0, claim=0, end=0, work=1)
    plant = Plant(alone, prefetch_jobs=10**6, dispatches_a_second=math.inf)
    took = run(plant, poisson(0.5, 8_000)).took
    assert sum(took) / len(took) == pytest.approx(2.0, rel=0.15)


def test_nothing_is_lost_and_nothing_ends_before_it_came() -> None:
    observed = run(replace(STEADY, is_steady=False), list(itertools.repeat(0.0, 200)), more=100)
    assert len(observed.came) == len(observed.ended) == 300
    assert min(observed.took) > 0


def test_the_page_is_written_between_its_marks_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "scale.md"
    page.write_text("# Before\n<!-- simulated -->\nold\n<!-- end -->\nafter\n")
    monkeypatch.setattr(simulate, "PAGE", page)
    simulate.write("new")
    assert page.read_text() == "# Before\n<!-- simulated -->\nnew\n<!-- end -->\nafter\n"


def test_a_drain_is_foretold_from_the_machine_that_was_measured() -> None:
    # One slot, two cores: a job takes 6 x 2 ms and 20 ms, of which the 4 ms enqueue overlap.
    measured = Measured(_times(0.002, 0.02), client=0, idle=0.03, cores=2)
    assert simulate.foretold(measured, 1) == pytest.approx(100 * 0.028, rel=0.25)


def _times(each: float, work: float) -> Times:
    return Times(each, each, each, each, each, each, work)
