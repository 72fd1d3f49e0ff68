"""The size limits of every text and JSON value that a table may hold."""

import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg.rows import DictRow
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Json, Jsonb

from tests.support.http import web
from tests.support.local_system import LocalSystem, UserClient
from tests.support.scripted_worker import ScriptedWorker
from tests.support.workspace import library

_SIZE = 1_100_000
"""Characters: more than every limit."""

_CONSTANT = "one of the values that the code or a migration writes"
_HASH = "a digest that the functions compute"
_COPY = "copied by a trigger from columns that are bounded"
_MIGRATIONS = "written by migrations alone"
_ARCHIVED = "archived: no endpoint and no grant writes it"

UNREACHABLE = {
    "change_events.table": _COPY,
    "change_events.record": _COPY,
    "change_events.old_record": _COPY,
    "event_tickets.digest": _HASH,
    "idempotency_keys.body_hash": _HASH,
    "idempotency_keys.endpoint": _CONSTANT,
    "job_claims.outcome": _CONSTANT,
    "negative_prompts.model_type": _MIGRATIONS,
    "negative_prompts.negative_prompt": _MIGRATIONS,
    "prompt_templates.model_type": _MIGRATIONS,
    "prompt_templates.use_case": _MIGRATIONS,
    "prompt_templates.template_name": _MIGRATIONS,
    "prompt_templates.system_prompt": _MIGRATIONS,
    "rate_buckets.bucket": _CONSTANT,
    "row_counts.table": _CONSTANT,
    "safety_decisions.prompt_hash": _HASH,
    "user_queues.queue": _CONSTANT,
    "usage_logs.action": _CONSTANT,
    "usage_logs.format": _CONSTANT,
    "usage_logs.quality": _CONSTANT,
    "webhook_receipts.body_hash": _HASH,
    "workspace_items.storage_path": _ARCHIVED,
    "workspace_items.thumbnail_path": _ARCHIVED,
    "workspace_items.prompt": _ARCHIVED,
    "workspace_items.metadata": _ARCHIVED,
}
"""Columns without a limit, and why no outside value reaches them."""

_COLUMNS = """
    select table_name, column_name, udt_name from information_schema.columns
    join information_schema.tables using (table_schema, table_name)
    where table_schema = 'public' and table_type = 'BASE TABLE' and table_name !~ '^_?yoyo'
        and (data_type in ('text', 'character varying', 'character', 'json', 'jsonb', 'bytea',
            'ARRAY', 'xml', 'name') or udt_name in ('citext', 'hstore', 'ltree', 'tsvector'))
    order by table_name, ordinal_position
"""
_REFERENCES = """
    select attname from pg_constraint
    join pg_attribute on attrelid = conrelid and attnum = any (conkey)
    where contype = 'f' and conrelid = %s::regclass
"""

_REQUIRED = """
    select attname from pg_attribute
    where attrelid = 'pg_temp.copy'::regclass and attnum > 0 and attnotnull
"""
_OTHER_CHECKS = """
    select conname from pg_constraint
    where conrelid = 'pg_temp.copy'::regclass and contype = 'c' and (
        select attnum from pg_attribute where attrelid = conrelid and attname = %s
    ) <> all (conkey)
"""

_OVERSIZED: dict[str, list[Any]] = {
    "json": [Json("x" * _SIZE), Json([1] * (_SIZE // 2))],
    "jsonb": [Jsonb("x" * _SIZE), Jsonb([1] * (_SIZE // 2))],
    "_text": [["x" * _SIZE], ["x"] * 1000, ["start"] * 1000],
    "bytea": [b"x" * _SIZE],
}
_OVERSIZED_TEXTS = ["x" * _SIZE]


def test_every_text_that_can_be_reached_is_bounded(bare: LocalSystem) -> None:
    """Each column separately, in an empty copy of its table that has the table's CHECKs."""
    unbounded = set()
    with bare.database() as connection:
        for column in connection.execute(_COLUMNS.encode()).fetchall():
            table, name = column["table_name"], column["column_name"]
            values = _OVERSIZED.get(column["udt_name"], _OVERSIZED_TEXTS)
            is_reference = name in _references(connection, table)
            with _copy_of(connection, table, name) as copy:
                if not is_reference and not all(_is_refused(copy, name, value) for value in values):
                    unbounded.add(f"{table}.{name}")
    assert unbounded == UNREACHABLE.keys()


def _references(connection: psycopg.Connection[DictRow], table: str) -> set[str]:
    """The columns that refer to another table's column, which has the limit."""
    return {row["attname"] for row in connection.execute(_REFERENCES.encode(), [table])}


@contextmanager
def _copy_of(
    connection: psycopg.Connection[DictRow], table: str, column: str
) -> Iterator[psycopg.Connection[DictRow]]:
    """A temporary table ``copy`` with the CHECKs of one column; every column may be null."""
    with connection.transaction(force_rollback=True):
        create = SQL("create temporary table copy (like {} including constraints)")
        connection.execute(create.format(Identifier("public", table)))
        for row in connection.execute(_REQUIRED.encode()).fetchall():
            _alter(connection, SQL("alter column {} drop not null"), row["attname"])
        for row in connection.execute(_OTHER_CHECKS.encode(), [column]).fetchall():
            _alter(connection, SQL("drop constraint {}"), row["conname"])
        yield connection


def _alter(connection: psycopg.Connection[DictRow], change: SQL, name: str) -> None:
    connection.execute(SQL("alter table pg_temp.copy ") + change.format(Identifier(name)))


def _is_refused(connection: psycopg.Connection[DictRow], column: str, value: object) -> bool:
    statement = SQL("insert into pg_temp.copy ({}) values (%s)").format(Identifier(column))
    try:
        with connection.transaction():
            connection.execute(statement, [value])
    except psycopg.errors.CheckViolation:
        return True
    return False


def test_the_longest_values_that_a_request_may_carry_are_stored(
    person: UserClient, hand_worker: ScriptedWorker
) -> None:
    """The limits of the contracts and of the tables agree, also for characters of four bytes."""
    prompt, side = "🦊" * 2000, "🦋" * 1700
    job_id = person.create_job(prompt, negative_prompt=side, session_name="🌊" * 200)
    (job,) = person.rows("jobs", id=f"eq.{job_id}")
    assert job["original_prompt"] == prompt
    claim_id, claim = hand_worker.claimed(job_id)
    settings = {"prompt": prompt, "negative_prompt": side, "sampler": "x" * 1000}
    assets = [{**asset, "generationSettings": settings} for asset in hand_worker.upload(claim)]
    answer = hand_worker.complete(job_id, claim_id, assets)
    assert answer.status_code == 200, answer.text
    asset = person.asset(job_id)
    assert asset["generation_settings"] == settings
    saved = person.invoke(
        "workspace-actions",
        {
            "action": "save_to_library",
            "assetId": asset["id"],
            "customTitle": "🌊" * 200,
            "tags": [f"{number:02}" + "🌊" * 48 for number in range(50)],
        },
    )
    assert saved.status_code == 200, saved.text
    response = person.invoke(
        "workspace-actions",
        {"action": "create_collection", "name": "🌊" * 200, "description": "🌊" * 2000},
    )
    assert response.status_code == 200, response.text
    assert len(library(person)[0]["tags"]) == 50
    assert len(person.rows("user_collections")[0]["description"]) == 2000


@pytest.mark.parametrize(
    "name", ["m", "me", "Zoë Ångström", "漢字", "👩🏽", "नमस्ते", "o'x-y_1.", "é" * 100]
)
def test_a_username_of_ordinary_characters_is_stored(person: UserClient, name: str) -> None:
    assert _rename(person, name) == (200, [{"username": name}])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Username must be 1 to 100 characters long."),
        ("x" * 101, "Username must be 1 to 100 characters long."),
        ("x" * 1_000_000, "Username must be 1 to 100 characters long."),
        (" me", "Username must not begin or end with a space."),
        ("me\u3000", "Username must not begin or end with a space."),
        ("a\u202eb", "Username must not contain control, formatting or invisible characters."),
        ("a\u200bb", "Username must not contain control, formatting or invisible characters."),
        ("a\nb", "Username must not contain control, formatting or invisible characters."),
        ("\u3164", "Username must not contain control, formatting or invisible characters."),
    ],
)
def test_a_username_out_of_bounds_is_refused_with_the_reason(
    person: UserClient, name: str, message: str
) -> None:
    status, error = _rename(person, name)
    assert (status, error["code"], error["message"]) == (400, "23514", message)
    assert 'violates check constraint "profiles_username' in error["details"]
    assert person.rows("profiles")[0]["username"] is None


def test_no_username_holds_a_control_or_a_formatting_character(bare: LocalSystem) -> None:
    hidden = {"Cc", "Cf", "Zl", "Zp"}
    characters = [
        character
        for character in map(chr, range(1, sys.maxunicode + 1))
        if unicodedata.category(character) in hidden
    ]
    assert len(characters) > 200
    with bare.database() as connection, _copy_of(connection, "profiles", "username") as copy:
        taken = [
            character
            for character in characters
            if not _is_refused(copy, "username", f"a{character}b")
        ]
    assert taken == []


def test_a_session_name_out_of_bounds_is_refused_with_the_reason(person: UserClient) -> None:
    for name in ("", "x" * 201):
        body = {"user_id": person.id, "session_name": name}
        answer = web.post(
            f"{person.base}/rest/v1/workspace_sessions", headers=_headers(person), json=body
        )
        error = answer.json()
        message = "Session name must be 1 to 200 characters long."
        assert (answer.status_code, error["code"], error["message"]) == (400, "23514", message)


def _rename(person: UserClient, name: str) -> tuple[int, Any]:
    person.create_job()  # creates the user's profile
    answer = web.patch(
        f"{person.base}/rest/v1/profiles?id=eq.{person.id}&select=username",
        headers=_headers(person),
        json={"username": name},
    )
    return answer.status_code, answer.json()


def _headers(person: UserClient) -> dict[str, str]:
    return {"authorization": f"Bearer {person.token}", "prefer": "return=representation"}
