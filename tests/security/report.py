"""The security report: what was tried against each threat."""

import platform
import subprocess
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from tests.security.tally import Corpora
from tests.support.local_system import ROOT

_PACKAGES = ("functions-framework", "pydantic", "PyJWT", "httpcore", "Pillow", "psycopg")


@dataclass
class Row:
    """Results of one threat: a module of tests."""

    tests: int = 0
    red: set[str] = field(default_factory=set)
    tried: int = 0
    let_through: int = 0
    server_errors: int = 0
    max_wait_seconds: float | None = None
    """The longest wait of another user meanwhile; None where no test measured it."""
    seconds: float = 0

    @property
    def failed(self) -> int:
        """Return the number of failed tests."""
        return len(self.red)

    @property
    def cells(self) -> list[str]:
        """Return the row's cells; a module without counted attempts counts each test as one."""
        tried = self.tried or self.tests
        let_through = self.let_through if self.tried else self.failed
        failed = str(self.failed) if self.failed else "none"
        waited = _wait(self.max_wait_seconds)
        return [f"{tried:,}", str(let_through), str(self.server_errors), waited, failed]


def table(rows: Mapping[str, Row]) -> list[str]:
    """Return a Markdown table with one row for each threat."""
    lines = [_line(name, *row.cells, f"{row.seconds:.0f} s") for name, row in sorted(rows.items())]
    total = f"{sum(row.tried or row.tests for row in rows.values()):,}"
    through = sum(row.let_through for row in rows.values())
    errors = sum(row.server_errors for row in rows.values())
    failed = sum(row.failed for row in rows.values())
    seconds = sum(row.seconds for row in rows.values())
    waits = [row.max_wait_seconds for row in rows.values() if row.max_wait_seconds is not None]
    cells = [total, str(through), str(errors), _wait(max(waits, default=None))]
    return [
        _line(
            "threat",
            "tried",
            "let through",
            "answered 5xx",
            "another user waited",
            "tests failed",
            "took",
        ),
        "|---|---|---|---|---|---|---|",
        *lines,
        _line("all", *cells, str(failed or "none"), f"{seconds:.0f} s"),
    ]


def page(rows: Mapping[str, Row], corpora: Corpora) -> str:
    """Return the report in Markdown."""
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    return "\n".join([
        "# Security",
        "",
        "Written by `make security`. Its figures are not edited by hand.",
        "",
        (
            f"{datetime.now(UTC):%Y-%m-%d}, {_commit()}, seed {corpora.seed}, "
            f"{'full' if corpora.is_full else 'short'} corpora, "
            f"Python {platform.python_version()}, {packages}."
        ),
        "",
        (
            "Each row is a module of `tests/security`, run against a whole local system; what it "
            "tries stands in it. An attempt is let through where it is not refused, or changes "
            "what it must not. Modules that count no attempts are counted by their tests. "
            "`make test` runs a short form of every row, with samples of the same corpora. "
            '"Another user waited" is the longest response time of a second user, who sends small '
            "requests all the while; it is measured where one request could hold up the others, "
            "and more than a second fails the row."
        ),
        "",
        *table(rows),
        "",
    ])  # fmt: skip


def _wait(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:.2f} s"


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _commit() -> str:
    """Return the commit of the checkout, or the version outside a repository."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        return f"version {project['version']}"
    return f"commit {result.stdout.strip()}"
