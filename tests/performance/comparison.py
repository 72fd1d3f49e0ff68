"""The same measurement with a short and a long table, side by side."""

import contextlib
import statistics
from collections.abc import Iterator, Sequence
from typing import Any

from psycopg import Connection

from tests.support.local_system import LocalSystem


@contextlib.contextmanager
def filling_jobs(system: LocalSystem, count: str) -> Iterator[Connection[Any]]:
    """Insert jobs without their triggers, which count each row and would take minutes.

    ``count`` is the statement that counts them all at once.
    """
    with system.database() as connection:
        connection.execute("alter table jobs disable trigger all")
        yield connection
        connection.execute("alter table jobs enable trigger all")
        connection.execute(count.encode())
        connection.execute("vacuum analyze")


def row(shape: str, few: Sequence[float], many: Sequence[float]) -> str:
    """Format a table row: both medians in milliseconds, their ratio, and the spread of each."""
    spread = f"{min(few):.1f} to {max(few):.1f}, {min(many):.1f} to {max(many):.1f} ms"
    ratio = statistics.median(many) / statistics.median(few)
    return (
        f"| {shape} | {statistics.median(few):.1f} ms | {statistics.median(many):.1f} ms "
        f"| {ratio:.2f} | {spread} |"
    )
