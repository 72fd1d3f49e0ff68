"""Estimated start times, compared with a simulation of the real dispatch order."""

from statistics import fmean, median

import pytest

from shared.db.queries.metrics import Duration, Load, QueueState
from shared.jobs import eta
from tests.unit.simulated_queue import Job, Simulation, Surroundings

SDXL = {"sdxl_image_fast": 3, "sdxl_image_high": 1}
WAN = {"image_fast": 3, "wan_video_fast": 2, "wan_video_high": 1}
VIDEO = {"wan_video_fast": 1}

ARRIVALS = 200
WARM_UP = 50
SEEDS = range(1, 5)

AROUND = [
    Surroundings("calm", "sdxl_queue", SDXL, load=0.6),
    Surroundings("busy", "sdxl_queue", SDXL, load=0.9),
    Surroundings("more than it can do", "sdxl_queue", SDXL, load=1.3),
    Surroundings("few ask for most", "wan_queue", WAN, load=0.9, skew=1.5),
    Surroundings("one asks for most", "wan_queue", WAN, load=1.2, users=5, skew=2),
    Surroundings("many at once", "wan_queue", WAN, load=0.9, users=10, skew=1, burst=5),
    Surroundings("many users at once", "sdxl_queue", SDXL, load=1.2, users=200, burst=3, slots=4),
    Surroundings("three workers", "wan_queue", WAN, load=0.9, workers=3),
    Surroundings("few ask for more than it can do", "sdxl_queue", SDXL, load=1.3, skew=1.5),
    Surroundings("few, and slots", "wan_queue", VIDEO, load=1.3, skew=1.5, slots=2),
    Surroundings("ten workers", "wan_queue", WAN, load=1.1, workers=10, burst=2),
    Surroundings("ten workers, seldom all busy", "wan_queue", WAN, load=0.9, workers=10),
    Surroundings("slots", "wan_queue", VIDEO, load=0.9, workers=2, slots=2),
]


@pytest.mark.parametrize("around", AROUND, ids=[one.name for one in AROUND])
def test_four_of_five_begin_within_the_interval(around: Surroundings) -> None:
    jobs = [job for seed in SEEDS for job in _simulated(around, seed)]
    held = [_foretold(job).min <= _waited(job) <= _foretold(job).max for job in jobs]
    assert fmean(held) >= 0.8

    likely, waited = (fmean(map(estimate, jobs)) for estimate in (_likely, _waited))
    one_job = fmean(job.seconds for job in jobs)
    assert likely == pytest.approx(waited, rel=0.2), "it is right on average"

    width = median(_foretold(job).max - _foretold(job).min for job in jobs)
    assert width <= 3 * (waited + one_job)


def _simulated(around: Surroundings, seed: int) -> list[Job]:
    return Simulation(around, seed).run(WARM_UP + ARRIVALS)[WARM_UP:]


def _foretold(job: Job) -> eta.Eta:
    assert job.foretold
    return job.foretold


def _likely(job: Job) -> float:
    return _foretold(job).expected


def _waited(job: Job) -> float:
    return job.began_at - job.came_at


def _queue(
    *, running: list[Load] | None = None, dispatched: list[Load] | None = None, **waiting: int
) -> QueueState:
    return QueueState(
        name="wan_queue",
        waiting=sum(waiting.values()),
        oldest_waiting_seconds=None,
        sample=[Load(job_type=name, jobs=jobs, images=jobs) for name, jobs in waiting.items()],
        dispatched=dispatched or [],
        running=running or [],
    )


def test_without_a_worker_there_is_no_estimate() -> None:
    assert eta.estimate(_queue(wan_video_fast=1), {}, slots=0, is_free=False) is None
    assert eta.format_eta(None) == "> 10 mins"


def test_a_free_slot_begins_at_once() -> None:
    running = [Load(job_type="wan_video_fast", jobs=1, images=1, elapsed_seconds=3)]
    estimate = eta.estimate(_queue(running=running), {}, slots=2, is_free=True)
    assert estimate
    assert (estimate.expected, estimate.min) == (0, 0)
    assert eta.format_eta(estimate) == "immediate"


def test_three_videos_take_what_the_catalogue_expects() -> None:
    estimate = eta.estimate(_queue(wan_video_fast=3), {}, slots=1, is_free=False)
    assert estimate
    assert estimate.expected == 3 * 135
    assert eta.format_eta(estimate) == "3-10 mins"


def test_what_was_measured_takes_the_catalogues_place() -> None:
    measured = {"wan_video_fast": Duration(job_type="wan_video_fast", median=10, slow=12)}
    estimate = eta.estimate(_queue(wan_video_fast=3), measured, slots=1, is_free=False)
    assert estimate
    assert estimate.expected == 30


def test_twice_the_slots_take_about_half_the_time() -> None:
    one, two = (
        eta.estimate(_queue(image_fast=40), {}, slots=slots, is_free=False) for slots in (1, 2)
    )
    assert one
    assert two
    assert two.expected == pytest.approx(one.expected / 2, rel=0.05)


def test_what_has_run_for_long_ends_soon() -> None:
    fresh, late, overdue = (
        eta.estimate(
            _queue(
                running=[
                    Load(job_type="image_fast", jobs=1, images=1, elapsed_seconds=elapsed),
                ]
            ),
            {},
            slots=1,
            is_free=False,
        )
        for elapsed in (0, 20, 500)
    )
    assert fresh
    assert late
    assert overdue
    assert (fresh.expected, late.expected) == (25, 5)
    assert 0 < overdue.expected < late.expected


def test_more_images_take_longer() -> None:
    six = [Load(job_type="sdxl_image_fast", jobs=1, images=6)]
    estimate = eta.estimate(_queue(dispatched=six), {}, slots=1, is_free=False)
    assert estimate
    assert estimate.expected == 24


@pytest.mark.parametrize(
    ("seconds", "phrase"),
    [
        (0, "immediate"),
        (0.9, "immediate"),
        (1, "< 1 min"),
        (59, "< 1 min"),
        (60, "1-3 mins"),
        (179, "1-3 mins"),
        (180, "3-10 mins"),
        (599, "3-10 mins"),
        (600, "> 10 mins"),
        (1e9, "> 10 mins"),
    ],
)
def test_the_phrase_is_the_specifications(seconds: float, phrase: str) -> None:
    assert eta.format_eta(eta.Eta(seconds, 0, seconds)) == phrase
