"""What a client of ``realtime`` sends in ``phx_join``; the rest of it is Phoenix's own."""

from typing import Annotated, Any

from pydantic import Field

from shared.contracts.base import Contract

MAX_BINDINGS = 100
"""Of one channel."""

Name = Annotated[str, Field(max_length=63)]
"""Of anything in Postgres."""


class PostgresChangesConfig(Contract):
    """``postgres_changes``, once: which changes are wanted."""

    event: Annotated[str, Field(max_length=20)] = "*"
    table_schema: Annotated[Name | None, Field(alias="schema")] = None
    table: Name | None = None
    filter: Annotated[str, Field(max_length=10_000)] | None = None


class Presence(Contract):
    """Whether a client wants to be seen by others."""

    enabled: bool = False


class ChannelConfig(Contract):
    """What a channel is to tell. ``broadcast`` and ``private`` are accepted, and mean nothing."""

    postgres_changes: Annotated[list[dict[str, Any]], Field(max_length=MAX_BINDINGS)] = []
    """Each a ``PostgresChangesConfig``; as they came, for the answer repeats them."""
    presence: Presence = Presence()


class JoinRequest(Contract):
    """The payload of ``phx_join``."""

    config: ChannelConfig
    access_token: str | None = None
