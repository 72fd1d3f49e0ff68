"""Summarise pip-audit results: ``python -m infra.audit.pip_audit_report PROBE RESULT...``.

pip-audit reports a package that it could not look up as skipped, and an index without advisories as
free of vulnerabilities. Neither is an audit, so a release with well-known vulnerabilities (the
probe) is looked up too; if none is reported for it, the audit has not run.
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
    """The result of the audit: the exit status and the output."""

    outcome: Outcome
    lines: list[str]


def of(probe: str, results: Sequence[str]) -> Verdict:
    """Return the verdict over pip-audit results.

    Args:
        probe: the JSON result of a release with known vulnerabilities.
        results: the JSON results of our requirements.
    """
    if not any(package.get("vulns") for package in _packages([probe])):
        return _not_run("the index has no advisories, not even for the probe")
    packages = list(_packages(results))
    skipped = [package["name"] for package in packages if "vulns" not in package]
    if skipped or not packages:
        return _not_run(f"no results for {', '.join(skipped) or 'anything'}")
    known = [
        f"{package['name']} {package['version']}: {finding['id']}, fixed in"
        f" {', '.join(finding['fix_versions']) or 'no release yet'}"
        for package in packages
        for finding in package["vulns"]
    ]
    if known:
        return Verdict(Outcome.SOMETHING_KNOWN, [*known, f"audit: {len(known)} are known"])
    message = f"audit: nothing is known of {len(packages)} packages"
    return Verdict(Outcome.NOTHING_KNOWN, [message])


def _packages(results: Iterable[str]) -> Iterable[dict[str, Any]]:
    for result in results:
        try:
            yield from json.loads(result)["dependencies"]
        except (ValueError, KeyError, TypeError):
            yield {"name": "a whole list"}


def _not_run(why: str) -> Verdict:
    return Verdict(Outcome.NOT_RUN, [f"audit: not run, for {why}"])


def _read(path: str) -> str:
    """Return a file's text; empty if it was not written, because no result came."""
    return Path(path).read_text() if Path(path).exists() else ""


def main() -> int:
    """Print the verdict over the files on the command line and return the exit status."""
    probe, *results = map(_read, sys.argv[1:])
    verdict = of(probe, results)
    print("\n".join(verdict.lines))  # noqa: T201 - a command's output
    return verdict.outcome


if __name__ == "__main__":
    sys.exit(main())
