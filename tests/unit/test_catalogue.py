"""The job catalogue, compared with the product's table written out a second time."""

import pytest

from shared.contracts.job_catalog import (
    ALIASES,
    JOB_TYPES,
    QUEUES,
    WORKER_TYPES,
    get_job_type,
    queue_id,
)

# type, output, queue, variant, steps, CFG, credits, expected seconds, maximum MB
TABLE = """
sdxl_image_fast        image  sdxl_queue  sdxl          15  6.0  1    4    5
sdxl_image_high        image  sdxl_queue  sdxl          25  7.5  2    8   10
image_fast             image  wan_queue   wan_2_1_1_3b  25  6.5  1   25    5
image_high             image  wan_queue   wan_2_1_1_3b  50  7.5  2   40   10
wan_video_fast         video  wan_queue   wan_2_1_1_3b  25  6.5  3  135   50
wan_video_high         video  wan_queue   wan_2_1_1_3b  50  7.5  5  180  200
image7b_fast_enhanced  image  wan_queue   wan_2_1_1_3b  25  6.5  2   85   20
image7b_high_enhanced  image  wan_queue   wan_2_1_1_3b  50  7.5  3  100   20
video7b_fast_enhanced  video  wan_queue   wan_2_1_1_3b  25  6.5  4  195  100
video7b_high_enhanced  video  wan_queue   wan_2_1_1_3b  50  7.5  6  240  100
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


def test_the_ten_types_stand_in_the_catalogue_and_no_other() -> None:
    assert list(JOB_TYPES) == [row[0] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_a_type_is_what_the_table_says(row: list[str]) -> None:
    name, makes, queue, variant, steps, guidance, credit, seconds, megabytes = row
    found = JOB_TYPES[name]

    assert (found.name, found.media, found.queue) == (name, makes, queue)
    assert (found.model_variant, found.worker_type) == (variant, queue.removesuffix("_queue"))
    assert (found.steps, found.guidance_scale) == (int(steps), float(guidance))
    assert (found.credits, found.expected_seconds) == (int(credit), int(seconds))
    assert found.max_bytes == int(megabytes) * 1024 * 1024
    assert found.quality == ("fast" if "fast" in name else "high")


def test_only_sdxl_makes_several_at_once() -> None:
    assert {row.queue: row.max_images for row in JOB_TYPES.values()} == {
        "sdxl_queue": 6,
        "wan_queue": 1,
    }


def test_only_the_7b_types_have_their_prompt_enhanced() -> None:
    enhanced = {name for name, row in JOB_TYPES.items() if row.enhanced}

    assert enhanced == {row[0] for row in ROWS if row[0].endswith("_enhanced")}


@pytest.mark.parametrize("quality", ["fast", "high"])
def test_an_earlier_name_stands_for_the_specifications(quality: str) -> None:
    assert get_job_type(f"video_{quality}") is JOB_TYPES[f"wan_video_{quality}"]
    assert set(ALIASES) == {"video_fast", "video_high"}


def test_an_unknown_name_has_no_row() -> None:
    assert get_job_type("image_slow") is None
    assert get_job_type("") is None


def test_each_queue_feeds_one_type_of_worker() -> None:
    assert WORKER_TYPES == {"sdxl_queue": "sdxl", "wan_queue": "wan"}
    assert QUEUES == {"sdxl": "sdxl_queue", "wan": "wan_queue"}
    assert [queue_id(queue) for queue in WORKER_TYPES] == ["sdxl-queue", "wan-queue"]
