"""Write docs/reports/job-statements.md: the transitions of a job and the whole statement of each.

python -m infra.job_statements [--check]
"""

import sys
from pathlib import Path

from shared.db.queries import job_state_machine
from shared.db.queries.job_transitions import STATEMENTS

PAGE = Path(__file__).parents[1] / "docs/reports/job-statements.md"

_INTRODUCTION = """# The statements that change a job

Written by `python -m infra.job_statements` from `shared/db/queries/job_state_machine.py` and
`job_transitions.py`. Each transition is one statement. If its guard does not hold, nothing changes.
`%(name)s` is a parameter. DISPATCH is the SQL function `private.dispatch_jobs`
(`infra/database/migrations/0008.dispatch.sql`).

| transition | from | to | applied by | credits | outcome of the claim |
|---|---|---|---|---|---|
"""


def page() -> str:
    """Return the page."""
    rows = [
        f"| {name} | {', '.join(transition.sources)} | {transition.target} | {transition.actor} "
        f"| {transition.credit_action or ''} | {transition.claim_outcome or ''} |"
        for name, transition in job_state_machine.TABLE.items()
    ]
    sections = [
        f"\n## {name}\n\n```sql\n{STATEMENTS[transition]}\n```"
        for name, transition in job_state_machine.TABLE.items()
        if transition in STATEMENTS
    ]
    return _INTRODUCTION + "\n".join([*rows, *sections]) + "\n"


def main() -> None:
    """Write the page, or with ``--check`` end with 1 where it is not up to date."""
    if "--check" in sys.argv[1:]:
        sys.exit(int(PAGE.read_text() != page()))
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
