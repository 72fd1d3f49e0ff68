"""Write docs/reports/emulators.md, from what the emulators' tests say that they try.

python -m tests.integration.emulators.report [--check]
"""

import argparse
import contextlib
import io
import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
PAGE = FOLDER.parents[2] / "docs" / "reports" / "emulators.md"
COMMAND = "python -m tests.integration.emulators.report"
EMULATORS = {
    "Cloud Storage": FOLDER / "storage_emulator",
    "Cloud Tasks": FOLDER / "tasks_emulator",
}
INTRODUCTION = f"""# What the emulators support

Written by `{COMMAND}` from the marks of the tests.
A row names the test files that try it, and how many tests in brackets. What is not supported is
tried too, with the answer that a caller gets.
Why OurVidz has its own emulators: [0004](../decisions/0004-custom-emulators.md).
"""


@dataclass
class Marks:
    """A pytest plugin that collects the ``emulates`` marks of the collected tests.

    Attributes:
        rows: by service, documented refusal (empty where the feature is emulated) and feature, how
            many tests of each file cover it.
        unmarked: tests without such a mark.
    """

    rows: defaultdict[tuple[str, str, str], Counter[Path]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    unmarked: list[str] = field(default_factory=list)

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Count each test under its services and features."""
        for item in session.items:
            marks = list(item.iter_markers("emulates"))
            if not marks:
                self.unmarked.append(item.nodeid)
            for mark in marks:
                service, feature = mark.args
                self.rows[service, mark.kwargs.get("refused", ""), feature][item.path] += 1


def collect() -> Marks:
    """Collect the emulators' tests without running them.

    Raises:
        ValueError: where collection fails or a test has no mark.
    """
    marks, output = Marks(), io.StringIO()
    arguments = ["--collect-only", "-q", "-p", "no:cacheprovider", *map(str, EMULATORS.values())]
    with contextlib.redirect_stdout(output):
        code = pytest.main(arguments, plugins=[marks])
    if code != pytest.ExitCode.OK:
        raise ValueError(output.getvalue())
    if marks.unmarked:
        raise ValueError(f"Without a mark `emulates`: {', '.join(marks.unmarked)}")
    return marks


def page(marks: Marks) -> str:
    """The page, as Markdown."""
    return "\n".join([INTRODUCTION, *(_section(marks, service) for service in EMULATORS)])


def _section(marks: Marks, service: str) -> str:
    rows = [(key[1:], files) for key, files in marks.rows.items() if key[0] == service]
    rows.sort(key=lambda row: row[0][1].casefold())
    lines = [f"## {service}", "", "| supported | tried by |", "|---|---|"]
    lines += [f"| {what} | {_links(files)} |" for (refused, what), files in rows if not refused]
    lines += ["", "| not supported | a caller gets | tried by |", "|---|---|---|"]
    lines += [
        f"| {what} | {refused} | {_links(files)} |" for (refused, what), files in rows if refused
    ]
    return "\n".join([*lines, ""])


def _links(files: Counter[Path]) -> str:
    def link(path: Path, count: int) -> str:
        target = Path(os.path.relpath(path, PAGE.parent)).as_posix()
        return f"[{path.stem}]({target})" + (f" ({count})" if count > 1 else "")

    return ", ".join(link(path, count) for path, count in sorted(files.items()))


def main() -> None:
    """Write the page, or with ``--check`` fail if it is out of date."""
    parser = argparse.ArgumentParser(prog=COMMAND)
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args().check
    try:
        text = page(collect())
    except ValueError as error:
        sys.exit(str(error))
    if check and PAGE.read_text() != text:
        sys.exit(f"{PAGE.name} is out of date: run `{COMMAND}`.")
    if not check:
        PAGE.write_text(text)


if __name__ == "__main__":
    main()
