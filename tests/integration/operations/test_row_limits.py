"""The limit of rows per owner in each table, counted by the database."""

from uuid import uuid4

import psycopg
import pytest

from tests.support.db_roles import connect_as
from tests.support.local_system import LocalSystem, UserClient

LIMITS = {
    "workspace_sessions": 10_000,
    "user_library": 10_000,
    "user_collections": 1000,
    "conversations": 1000,
    "messages": 2000,
}
INSERTS = {
    "workspace_sessions": "insert into workspace_sessions (user_id)"
    " select %(owner)s from generate_series(1, %(count)s)",
    "user_library": "insert into user_library (user_id, source_asset_id, asset_type, storage_path,"
    " file_size_bytes, mime_type, crc32c, generation, original_prompt, model_used)"
    " select %(owner)s, gen_random_uuid(), 'image', gen_random_uuid()::text, 1, 'image/png',"
    " 'AAAAAA==', 1, 'a star', 'sdxl' from generate_series(1, %(count)s)",
    "user_collections": "insert into user_collections (user_id, name)"
    " select %(owner)s, 'Stars' from generate_series(1, %(count)s)",
    "conversations": "insert into conversations (user_id)"
    " select %(owner)s from generate_series(1, %(count)s)",
    "messages": "insert into messages (conversation_id, seq, sender, content)"
    " select %(owner)s, nth + (select coalesce(max(seq), 0) from messages"
    " where conversation_id = %(owner)s), 'user', 'hello'"
    " from generate_series(1, %(count)s) as nth",
}
COUNTED = 'select coalesce(max(count), 0) from row_counts where "table" = %s and owner_id = %s'


def _owner(system: LocalSystem, table: str) -> str:
    """A new user, or for messages a new conversation."""
    if table != "messages":
        return str(uuid4())
    query = "insert into conversations (user_id) values (%s) returning id"
    return str(system.value(query, uuid4()))


@pytest.mark.parametrize("table", LIMITS)
def test_a_row_beyond_the_limit_is_refused(bare: LocalSystem, table: str) -> None:
    owner, limit = _owner(bare, table), LIMITS[table]
    insert = INSERTS[table].encode()
    column = "conversation_id" if table == "messages" else "user_id"
    delete = (
        f"delete from {table} where ctid in (select ctid from {table} where {column} = %s limit 2)"
    )
    with bare.database() as connection:
        connection.execute(insert, {"owner": owner, "count": limit - 1})
        for count in (2, 1000):
            with pytest.raises(psycopg.Error) as refused:
                connection.execute(insert, {"owner": owner, "count": count})
            assert refused.value.sqlstate == "PT409"
            assert str(limit) in str(refused.value)
        connection.execute(insert, {"owner": owner, "count": 1})
        connection.execute(delete.encode(), [owner])
        connection.execute(insert, {"owner": owner, "count": 2})
        with pytest.raises(psycopg.Error):
            connection.execute(insert, {"owner": owner, "count": 1})
        assert bare.value(COUNTED, table, owner) == limit
        connection.execute(f"delete from {table} where {column} = %s".encode(), [owner])
    assert bare.value(COUNTED, table, owner) == 0


def test_a_conversations_messages_are_uncounted_with_it(bare: LocalSystem) -> None:
    conversation = _owner(bare, "messages")
    with bare.database() as connection:
        connection.execute(INSERTS["messages"].encode(), {"owner": conversation, "count": 5})
        assert bare.value(COUNTED, "messages", conversation) == 5
        connection.execute("delete from conversations where id = %s", [conversation])
    assert bare.value(COUNTED, "messages", conversation) == 0


def test_a_user_neither_reads_nor_changes_the_counts(bare: LocalSystem, person: UserClient) -> None:
    with connect_as(bare, "authenticated", person.id) as user:
        for statement in (b"select from row_counts", b"delete from row_counts"):
            with user.transaction(force_rollback=True), pytest.raises(psycopg.Error) as refused:
                user.execute(statement)
            assert refused.value.sqlstate == "42501"
    assert person.get("/rest/v1/row_counts").status_code == 404
