"""The log fields that metrics are built from have the same names in the code and in terraform."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from shared.db.queries.jobs import Job
from shared.jobs.completion import is_late

ROOT = Path(__file__).parents[2]
MONITORING = ROOT / "infra/terraform/modules/monitoring"
WRITERS = {"emit_metrics", "record_job_ended"}
NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)


def _written() -> Iterator[str]:
    for package in ("functions", "shared"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call):
                    called = ast.unparse(node.func).rpartition(".")[2]
                    named = [keyword.arg for keyword in node.keywords if keyword.arg]
                    yield from named if called in WRITERS else []


def test_terraform_reads_what_is_written_and_nothing_else() -> None:
    text = (MONITORING / "main.tf").read_text()
    block = text[text.index("measured = {") :].partition("\n  }")[0]
    read = set(re.findall(r"^    (\w+) +=", block, re.MULTILINE))
    assert read == set(_written())
    assert 'jsonPayload.message=\\"measured\\"' in text
    alerts = set(re.findall(r'metric += "(\w+)"', (MONITORING / "alerts.tf").read_text()))
    assert alerts == read


@pytest.mark.parametrize(
    ("deadline", "expires", "late"),
    [
        (NOW + HOUR, NOW + HOUR, False),
        (NOW - HOUR, NOW + HOUR, True),
        (NOW + HOUR, NOW - HOUR, True),
        (None, NOW + HOUR, False),
        (None, NOW - HOUR, True),
    ],
)
def test_a_job_is_late_past_the_earlier_of_its_deadlines(
    deadline: datetime | None, expires: datetime, *, late: bool
) -> None:
    job = SimpleNamespace(completed_at=NOW, deadline_at=deadline, expires_at=expires)
    assert is_late(cast("Job", job)) is late
