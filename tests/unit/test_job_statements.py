"""docs/reports/job-statements.md prints the statements that run."""

from infra.job_statements import PAGE, page


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "Run: python -m infra.job_statements"
