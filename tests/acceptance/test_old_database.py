"""A database of the old tables is refused and not changed, and its library can be exported."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Identifier

from infra.local.config.environment import LIBRARY_BUCKET
from infra.local.database import server
from infra.local.database.export import embedded
from infra.local.storage_emulator.preconditions import NO_CONDITIONS
from infra.local.storage_emulator.store import Store
from tests.support.admin_cli import command, run_ok
from tests.support.local_system import (
    ROOT,
    TIMEOUT_SECONDS,
    LocalSystem,
    UserClient,
    free_port,
)
from tests.support.workspace import library

T = TypeVar("T")

OLD_TABLES = """
create table _yoyo_migration (migration_hash varchar(64) primary key, migration_id varchar(255));
insert into _yoyo_migration values ('1', '0001.identity'), ('2', '0002.jobs');
create table user_collections (id integer primary key, name text, created_at timestamptz);
create table user_library (
    id integer primary key, created_at timestamptz, storage_path text, thumbnail_path text
);
insert into user_collections values (1, 'Boats', now());
insert into user_library values
    (1, now(), 'user/one.png', 'user/one.thumb.webp'), (2, now(), 'user/two.png', null);
grant usage on schema public to service;
grant select on user_library, user_collections to service;
"""
"""What the refusal and the export read of the old tables, with two saved pictures."""

PICTURES = ("user/one.png", "user/two.png")
FILES = {"user/one.png": b"one", "user/one.thumb.webp": b"small"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose database has the old tables, and whose bucket has two files."""
    data = tmp_path / "data"
    data.mkdir()
    asyncio.run(_with_embedded(data, _create_old_tables))
    asyncio.run(_store_files(data))
    return data


def test_the_local_system_refuses_an_old_database_and_exports_its_library(
    data: Path, tmp_path: Path
) -> None:
    before = asyncio.run(_with_embedded(data, _columns))
    refused = _run_local("up", "--data", str(data), "--port", str(free_port()), "--worker", "none")
    assert refused.returncode == 1, refused.stdout
    assert "python -m infra.local export-library --to FOLDER" in refused.stdout + refused.stderr
    assert asyncio.run(_with_embedded(data, _columns)) == before

    folder = tmp_path / "library"
    exported = _run_local("export-library", "--data", str(data), "--to", str(folder))
    assert exported.stdout == (
        f"Exported 2 library assets to {folder}; 1 files are missing, see library.json.\n"
    ), exported.stderr
    library = json.loads((folder / "library.json").read_text())
    assert [asset["storage_path"] for asset in library["assets"]] == list(PICTURES)
    assert [collection["name"] for collection in library["collections"]] == ["Boats"]
    assert library["missing_files"] == ["user/two.png"]
    assert {path: (folder / "files" / path).read_bytes() for path in FILES} == FILES
    assert asyncio.run(_with_embedded(data, _columns)) == before

    again = _run_local("export-library", "--data", str(data), "--to", str(folder))
    assert (again.returncode, again.stderr) == (
        1,
        f"{folder} is not empty: choose another folder.\n",
    )


def test_the_operator_refuses_an_old_database(bare: LocalSystem) -> None:
    name = f"old_{uuid4().hex}"
    url = server.url(bare.ports()["postgres"], name)
    with bare.database() as connection:
        connection.execute(SQL("create database {}").format(Identifier(name)))
    try:
        _create_old_tables(url)
        before = _columns(url)
        refused = command(bare, "migrate", DATABASE_URL=url)
        assert refused.returncode == 1
        assert "python -m infra.admin export-library --to FOLDER" in refused.stderr
        assert _columns(url) == before
    finally:
        with bare.database() as connection:
            connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))


def test_the_operator_exports_the_library_of_all_users(noop: LocalSystem, tmp_path: Path) -> None:
    users = [UserClient(noop), UserClient(noop)]
    saved = [_save_picture(user) for user in users]
    folder = tmp_path / "library"
    run_ok(noop, "export-library", "--to", str(folder))
    exported = json.loads((folder / "library.json").read_text())
    paths = {asset["storage_path"]: asset["user_id"] for asset in exported["assets"]}
    assert exported["missing_files"] == []
    for user, row in zip(users, saved, strict=True):
        assert paths[row["storage_path"]] == user.id
        content = (folder / "files" / row["storage_path"]).read_bytes()
        assert content == user.fetch(row["storage_path"], "user-library")


def test_there_is_no_library_without_a_database(tmp_path: Path) -> None:
    folder = str(tmp_path / "library")
    done = _run_local("export-library", "--data", str(tmp_path / "none"), "--to", folder)
    assert (done.returncode, done.stderr) == (1, f"There is no database in {tmp_path}/none.\n")
    assert list(tmp_path.iterdir()) == []


def _save_picture(user: UserClient) -> dict[str, Any]:
    job_id = user.create_job()
    user.wait_for(job_id)
    body = {"action": "save_to_library", "assetId": user.asset(job_id)["id"]}
    assert user.invoke("workspace-actions", body).status_code == 200
    (row,) = library(user)
    return row


def _run_local(*arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
    return subprocess.run(
        [sys.executable, "-m", "infra.local", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=TIMEOUT_SECONDS,
    )


async def _with_embedded(data: Path, use: Callable[[str], T]) -> T:
    """Run the embedded Postgres of a data folder for one call of ``use`` with its URL."""
    async with embedded(data / "postgres") as url:
        return await asyncio.to_thread(use, url)


def _create_old_tables(url: str) -> None:
    """Create the old tables, in a database that is created if it is missing."""
    parts = conninfo_to_dict(url)
    with psycopg.connect(url.rpartition("/")[0] + "/postgres", autocommit=True) as connection:
        for query, create in (
            (
                SQL("select from pg_database where datname = {}").format(str(parts["dbname"])),
                SQL("create database {}").format(Identifier(str(parts["dbname"]))),
            ),
            (
                SQL("select from pg_roles where rolname = 'service'"),
                SQL("create role service nologin"),
            ),
        ):
            if connection.execute(query).fetchone() is None:
                connection.execute(create)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(OLD_TABLES.encode())


def _columns(url: str) -> list[tuple[str, str]]:
    with psycopg.connect(url) as connection:
        rows = connection.execute(
            "select table_name::text, column_name::text from information_schema.columns"
            " where table_schema not in ('pg_catalog', 'information_schema') order by 1, 2"
        )
        return rows.fetchall()


async def _store_files(data: Path) -> None:
    """Put the files of the library into the bucket of the storage emulator's folder."""
    store = Store(data / "storage", {})
    store.buckets.create(LIBRARY_BUCKET, {})
    for path, content in FILES.items():

        async def chunks(content: bytes = content) -> AsyncIterator[bytes]:
            yield content

        async with store.files.receive(chunks()) as received:
            store.objects.publish(LIBRARY_BUCKET, path, received, {}, NO_CONDITIONS)
