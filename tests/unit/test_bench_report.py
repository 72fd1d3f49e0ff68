"""The benchmark's page: it shows what was measured, and nothing else."""

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.performance.bench import costing, http_client, relay, report
from tests.performance.bench.baselines import inserts
from tests.performance.bench.figures import Row, Series, fmt, percentile
from tests.performance.bench.job_costs import Counts

ROW = Row(
    key="1",
    title="requests a second",
    how="Both sides, turn by turn.",
    aim="at least 60 %",
    seen="50 % (40 % to 55 %)",
    holds=False,
    series=[
        Series("the bare handler", "requests/s", [900.0, 1000.0, 1100.0]),
        Series("ours <&>", "requests/s", [400.0, 500.0, 605.0]),
    ],
    aim_at=600.0,
    table=[["what", "how much"], ["a thing", "7"]],
    notes=["A note."],
    made={"at": "2026-11-23 07:00 UTC", "load": "0.3"},
)
WATERFALL = replace(
    ROW, key="waterfall", aim="", holds=None, series=[], spans=[("POST", 0.0, 8.0, 0)]
)


def test_both_sides_stand_with_their_median_and_spread(tmp_path: Path) -> None:
    text = report.write(tmp_path, [ROW]).read_text()
    assert "| the bare handler | 1,000 requests/s | 900 to 1,100 | 3 |" in text
    assert "| ours <&> | 500 requests/s | 400 to 605 | 3 |" in text


def test_what_does_not_hold_is_said(tmp_path: Path) -> None:
    line = "| 1 | requests a second | at least 60 % | 50 % (40 % to 55 %) |"
    assert f"{line} **no** |" in report.write(tmp_path, [ROW]).read_text()
    assert f"{line} yes |" in report.write(tmp_path, [replace(ROW, holds=True)]).read_text()


def test_every_row_has_its_date_and_its_own_table(tmp_path: Path) -> None:
    text = report.write(tmp_path, [ROW]).read_text()
    for expected in (
        "at: 2026-11-23 07:00 UTC, load: 0.3.",
        "| a thing | 7 |",
        "A note.",
        "Python 3",
    ):
        assert expected in text


def test_a_plot_is_well_formed_and_as_long_as_its_figures(tmp_path: Path) -> None:
    report.write(tmp_path, [ROW, WATERFALL])
    names = {path.name for path in (tmp_path / "performance").glob("*.svg")}
    assert names == {"row-1.svg", "row-waterfall.svg"}
    drawn = ET.parse(tmp_path / "performance" / "row-1.svg")  # noqa: S314 - our own
    bars = [
        float(one.attrib["width"])
        for one in drawn.iter("{http://www.w3.org/2000/svg}rect")
        if one.attrib["fill"] != "#fff"
    ]
    assert bars[1] == pytest.approx(bars[0] / 2, abs=0.1)


def test_a_row_measured_alone_leaves_the_others(tmp_path: Path) -> None:
    report.write(tmp_path, [ROW, replace(ROW, key="2", title="the second")])
    text = report.write(tmp_path, [replace(ROW, seen="70 %", holds=True)]).read_text()
    assert "| 1 | requests a second | at least 60 % | 70 % | yes |" in text
    assert "the second" in text
    assert len(json.loads((tmp_path / "performance" / "figures.json").read_text())) == 2


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, "0"), (0.01234, "0.0123"), (1.5, "1.50"), (12.34, "12.3"), (1234.5, "1,234")],
)
def test_numbers_have_three_digits_that_count(value: float, expected: str) -> None:
    assert fmt(value) == expected


def test_a_percentile_lies_between_its_neighbours() -> None:
    assert percentile([1.0, 2.0, 3.0], 50) == 2.0
    assert percentile([5.0], 95) == 5.0


def test_prices_are_those_of_the_operations_page() -> None:
    price = costing.prices(costing._PRICES.read_text())  # noqa: SLF001 - where they lie
    assert (price["CPU_R"], price["A"], price["B"], price["REQ"]) == (0.000024, 0.005, 0.0004, 0.4)


def test_a_job_costs_what_was_counted_times_its_price() -> None:
    counts = Counts(
        statements={"BEGIN": (20, 1.0), "select 1": (60, 9.0), "COMMIT": (20, 1.0)},
        trips=100,
        storage={"A: PUT, signed URL": 30, "B: GET, JSON": 20},
        rows=21,
        writes=5,
        wal_bytes=150_000,
        requests={"queue_job": (10, 100.0)},
    )
    text = costing.text(counts, 10, [7] * 10, [4.0], costing._PRICES)  # noqa: SLF001 - the same
    for expected in (
        "| statements, what begins and ends transactions included | 10.0 |",
        "| of these, what begins and ends transactions | 4.00 |",
        "| bytes of Postgres' log (WAL) | 15,000 |",
        "| storage, class A | 3.00 x 0.005 a thousand | 15.00 |",
        "| requests | 1.00 x 0.4 a million | 0.40 |",
    ):
        assert expected in text


def test_an_answer_is_whole_when_its_body_is() -> None:
    answer = b"HTTP/1.1 202 Accepted\r\nContent-Length: 2\r\n\r\n"
    assert http_client.whole_length(answer[:20]) == 0
    assert http_client.whole_length(answer) == len(answer) + 2


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b"PUT /bucket/x?sig=1 HTTP/1.1\r\n", "A: PUT, signed URL"),
        (b"GET /storage/v1/b/x/o/y HTTP/1.1\r\n", "B: GET, JSON"),
        (b"DELETE /storage/v1/b/x/o/y HTTP/1.1\r\n", "free: DELETE, JSON"),
    ],
)
def test_storage_operations_are_classified_as_they_are_billed(line: bytes, name: str) -> None:
    assert relay.storage_operation(line) == name


def test_the_floors_inserts_are_as_many_as_a_job_has_statements() -> None:
    shares = [inserts.share(20, 6, number) for number in range(6)]
    assert sum(shares) == 20
    assert max(shares) - min(shares) <= 1
