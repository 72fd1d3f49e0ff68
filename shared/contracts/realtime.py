"""Payload of ``phx_join``, sent by clients of ``realtime``."""

from typing import Annotated, Any

from pydantic import Field

from shared.contracts.base import Contract

MAX_BINDINGS = 100
"""Maximum ``postgres_changes`` subscriptions of a channel."""

Name = Annotated[str, Field(max_length=63)]
"""A Postgres identifier."""


class PostgresChangesConfig(Contract):
    """One entry of ``postgres_changes``: the changes to subscribe to."""

    event: Annotated[str, Field(max_length=20)] = "*"
    table_schema: Annotated[Name | None, Field(alias="schema")] = None
    table: Name | None = None
    filter: Annotated[str, Field(max_length=10_000)] | None = None


class Presence(Contract):
    """Whether the client's presence is shared with other clients."""

    enabled: bool = False


class ChannelConfig(Contract):
    """Options of a channel. ``broadcast`` and ``private`` are accepted and ignored."""

    postgres_changes: Annotated[list[dict[str, Any]], Field(max_length=MAX_BINDINGS)] = []
    """Each a ``PostgresChangesConfig``, kept as sent, since the response repeats them."""
    presence: Presence = Presence()


class JoinRequest(Contract):
    """The payload of ``phx_join``."""

    config: ChannelConfig
    access_token: str | None = None
