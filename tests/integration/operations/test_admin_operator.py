"""``python -m infra.admin migrate|worker|retire``, as an operator runs them in the cloud."""

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import errors, sql

from infra.database.migrate import FOLDER
from infra.local.database import server
from tests.support.admin_cli import command, run_ok
from tests.support.local_system import LocalSystem


@pytest.fixture(scope="module")
def owner_url(bare: LocalSystem) -> Iterator[str]:
    """A separate database whose owner is no superuser, as in the cloud."""
    name = f"cloud_{uuid4().hex}"
    admin = server.url(bare.ports()["postgres"])
    with psycopg.connect(admin, autocommit=True) as connection:
        who = sql.Identifier(name)
        connection.execute(
            sql.SQL("create role {} login createrole createdb password 'secret'").format(who)
        )
        # An owner that created these roles could grant them; here they exist already.
        connection.execute(
            sql.SQL("grant service, authenticated, anon to {} with admin option").format(who)
        )
        connection.execute(sql.SQL("create database {} owner {}").format(who, who))
        parts = urlsplit(admin)
        place = f"{name}:secret@{parts.netloc.rpartition('@')[2]}"
        yield urlunsplit(parts._replace(netloc=place, path=f"/{name}"))
        connection.execute(sql.SQL("drop database {} with (force)").format(who))


def as_login(url: str, login: str) -> str:
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{login}:secret@{place}"))


def test_an_owner_who_is_no_superuser_migrates_and_lets_in(
    bare: LocalSystem, owner_url: str
) -> None:
    login = f"fn-queue-job-{uuid4().hex}@project.iam"
    with psycopg.connect(server.url(bare.ports()["postgres"]), autocommit=True) as connection:
        made = sql.SQL("create role {} login password 'secret'")
        connection.execute(made.format(sql.Identifier(login)))
    arguments = ("migrate", "--login", login)
    done = command(bare, *arguments, DATABASE_URL=owner_url)
    assert done.returncode == 0, done.stderr
    files = [path.stem for path in FOLDER.glob("*.sql") if ".rollback" not in path.name]
    assert sorted(done.stdout.split()) == sorted(files)
    again = command(bare, *arguments, DATABASE_URL=owner_url)
    assert again.stdout.strip() == "nothing to apply"

    quoted = login.replace("@", "%40")
    with psycopg.connect(as_login(owner_url, quoted), autocommit=True) as connection:
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("select count(*) from jobs")
        for role in ("service", "authenticated", "anon"):
            connection.execute(sql.SQL("set role {}").format(sql.Identifier(role)))
        connection.execute("set role service")
        assert connection.execute("select count(*) from jobs").fetchone() == (0,)
        with pytest.raises(errors.InsufficientPrivilege):
            connection.execute("create table mine (id integer)")


def test_a_worker_that_starts_when_it_is_called_is_made_known(bare: LocalSystem) -> None:
    worker_id = f"cloud-{uuid4().hex}"
    command = ("worker", "--id", worker_id, "--type", "wan", "--slots", "4")
    run_ok(bare, *command, "--url", "https://worker-wan.run.app/")
    (row,) = bare.rows("select * from workers where id = %s", worker_id)
    assert (row["worker_url"], row["slots"]) == ("https://worker-wan.run.app", 4)
    assert (row["worker_type"], row["is_always_on"], row["key_id"]) == ("wan", False, worker_id)
    run_ok(bare, *command, "--url", "https://moved.run.app")
    (row,) = bare.rows("select * from workers where id = %s", worker_id)
    assert row["worker_url"] == "https://moved.run.app"
    run_ok(bare, "retire", "--id", worker_id)
    assert bare.value("select is_active from workers where id = %s", worker_id) is False


def test_a_missing_setting_is_named_without_secrets(bare: LocalSystem) -> None:
    done = command(bare, "migrate", DATABASE_URL="", JWT_ISSUER="")
    assert done.returncode == 1
    assert "DATABASE_URL" in done.stderr
    assert "JWT_ISSUER" in done.stderr
    assert "Traceback" not in done.stderr
