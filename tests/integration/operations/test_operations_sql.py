"""Every query that docs/operations prints runs in Postgres."""

import re

import pytest

from tests.support.local_system import ROOT, LocalSystem

PAGES = sorted((ROOT / "docs/operations").rglob("*.md"))
WRITTEN = [
    (page.stem, statement.strip())
    for page in PAGES
    for block in re.findall(r"```sql\n(.*?)```", page.read_text(), re.DOTALL)
    for statement in block.split(";")
    if statement.strip() and not statement.strip().startswith("set role")
]
INLINE = [
    (page.stem, statement)
    for page in PAGES
    for statement in re.findall(r"`(select [^`]*? from [^`]*?);?`", page.read_text())
]
NO_USER = "00000000-0000-0000-0000-000000000000"


@pytest.mark.parametrize(("page", "statement"), WRITTEN + INLINE)
def test_a_query_runs(bare: LocalSystem, page: str, statement: str) -> None:
    query = re.sub(r"^ {1,4}", "", statement, flags=re.MULTILINE).replace("'JOB'", f"'{NO_USER}'")
    with bare.database() as connection:
        connection.execute("set role service")
        assert connection.execute(query.encode()).description, page


def test_the_first_admin_is_made_as_written(bare: LocalSystem) -> None:
    page = (ROOT / "docs/operations/install.md").read_text()
    (statements,) = re.findall(r"`(set role service; insert into [^`]*)`", page)
    with bare.database() as connection, connection.transaction():
        for statement in statements.rstrip(";").split(";"):
            connection.execute(statement.replace("USER", NO_USER).encode())
        connection.execute("delete from user_roles where user_id = %s", [NO_USER])
