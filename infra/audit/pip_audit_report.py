"""What pip-audit's answers come to: ``python -m infra.audit.pip_audit_report PROBE ANSWER...``.

A package that it could not ask about is told by it as passed over, and a whole index without
advisories as a clean bill. Neither is an audit, so a release whose faults everybody knows is asked
about too, and an answer that knows nothing of it is none.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple


class Outcome(IntEnum):
    """The command's exit status."""

    NOTHING_KNOWN = 0
    SOMETHING_KNOWN = 1
    NOT_RUN = 2


class Verdict(NamedTuple):
    """What is told at the end."""

    outcome: Outcome
    lines: list[str]


def of(probe: str, answers: Sequence[str]) -> Verdict:
    """The verdict over the answers, as JSON: of the probe, and of what we have."""
    if not any(package.get("vulns") for package in _packages([probe])):
        return _not_run("the index knows no advisories, not even those that everybody knows")
    rows = list(_packages(answers))
    passed_over = [one["name"] for one in rows if "vulns" not in one]
    if passed_over or not rows:
        return _not_run(f"nothing could be had of {', '.join(passed_over) or 'anything'}")
    known = [
        f"{one['name']} {one['version']}: {finding['id']}, mended in"
        f" {', '.join(finding['fix_versions']) or 'no release yet'}"
        for one in rows
        for finding in one["vulns"]
    ]
    if known:
        return Verdict(Outcome.SOMETHING_KNOWN, [*known, f"audit: {len(known)} are known"])
    message = f"audit: nothing is known of {len(rows)} packages"
    return Verdict(Outcome.NOTHING_KNOWN, [message])


def _packages(answers: Iterable[str]) -> Iterable[dict[str, Any]]:
    for answer in answers:
        try:
            yield from json.loads(answer)["dependencies"]
        except (ValueError, KeyError, TypeError):
            yield {"name": "a whole list"}


def _not_run(why: str) -> Verdict:
    return Verdict(Outcome.NOT_RUN, [f"audit: not run, for {why}"])


def _read(path: str) -> str:
    """A file that was never written is an answer that never came."""
    return Path(path).read_text() if Path(path).exists() else ""


def main() -> int:
    """Tell the verdict over the files that the command line names."""
    probe, *answers = map(_read, sys.argv[1:])
    verdict = of(probe, answers)
    print("\n".join(verdict.lines))  # noqa: T201 - a command's answer
    return verdict.outcome


if __name__ == "__main__":
    sys.exit(main())
