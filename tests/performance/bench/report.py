"""The benchmark's report, its plots and its figures, written from the rows alone."""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.performance.bench import environment_info, plot
from tests.performance.bench.figures import Row, fmt, of_json

_FIGURES = "figures.json"
_ORDER = ("1", "2", "3", "4", "5", "6", "7", "8", "waterfall")


def write(folder: Path, rows: Sequence[Row]) -> Path:
    """Write ``performance.md`` and its plots in ``performance/``, both below ``folder``.

    Rows that were not measured now keep their last results, each with its own date.
    """
    shown = folder / "performance"
    shown.mkdir(parents=True, exist_ok=True)
    known = {row.key: row for row in [*_earlier(shown / _FIGURES), *rows]}
    together = [known[key] for key in _ORDER if key in known]
    figures = [dataclasses.asdict(row) for row in together]
    (shown / _FIGURES).write_text(json.dumps(figures, indent=1) + "\n")
    for row in together:
        picture = plot.waterfall(row) if row.spans else plot.bars(row)
        (shown / f"row-{row.key}.svg").write_text(picture)
    path = folder / "performance.md"
    path.write_text(text(together))
    return path


def text(rows: Sequence[Row]) -> str:
    """Return the report in Markdown."""
    return "\n".join([
        "# Performance",
        "",
        ("Written by `make bench`. Its figures are not edited by hand. Other pages say "
        "[what a job costs](cost-of-a-job.md) and [how far it scales](scale.md)."),
        "",
        f"{environment_info.machine()}. {environment_info.versions()}.",
        "",
        ("Both sides of a row are measured in the same run, alternately. Each figure is the "
        "median of the rounds, with the lowest and the highest; client, Postgres, emulators "
        "and worker share the machine's cores."),
        "",
        "| # | what | aim | measured | aim met |",
        "|---|---|---|---|---|",
        *(_line(row) for row in rows if row.aim),
        *(line for row in rows for line in _section(row)),
        "",
    ])  # fmt: skip


def _line(row: Row) -> str:
    return f"| {row.key} | {row.title} | {row.aim} | {row.seen} | {_held(row)} |"


def _held(row: Row) -> str:
    if row.holds is None:
        return "-"
    return "yes" if row.holds else "**no**"


def _section(row: Row) -> list[str]:
    number = f"{row.key}. " if row.aim else ""
    lines = ["", f"## {number}{row.title}", "", row.how, ""]
    lines += [f"{row.seen}.", ""] if row.seen else []
    lines += [f"![{row.title}](performance/row-{row.key}.svg)", ""]
    if row.series:
        lines += ["| side | median | lowest and highest | rounds |", "|---|---|---|---|"]
        lines += [
            f"| {one.name} | {fmt(one.median)} {one.unit} | {one.spread} | {len(one.values)} |"
            for one in row.series
        ]
        lines.append("")
    lines += _table(row.table)
    lines += [line for note in row.notes for line in (note, "")]
    return [*lines, ", ".join(f"{name}: {value}" for name, value in row.made.items()) + "."]


def _table(table: Sequence[Sequence[str]]) -> list[str]:
    if not table:
        return []
    head, *body = table
    rows = [f"| {' | '.join(cells)} |" for cells in body]
    return [f"| {' | '.join(head)} |", "|" + "---|" * len(head), *rows, ""]


def _earlier(path: Path) -> list[Row]:
    if not path.exists():
        return []
    rows: list[dict[str, Any]] = json.loads(path.read_text())
    return [of_json(one) for one in rows]
