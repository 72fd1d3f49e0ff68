"""postgres_changes bindings of a channel, each with the id that the client knows."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from functions.realtime import filters
from functions.realtime.change_message import ChangeMessage
from functions.realtime.filters import Filter
from functions.realtime.schema import Table, Tables
from shared.contracts.realtime import PostgresChangesConfig
from shared.errors import InvalidRequestError, NotFoundError

_EVENTS = {"*", "INSERT", "UPDATE", "DELETE"}
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Changes of one table, under the id of their binding."""

    id: int
    table: Table
    event: str
    filters: tuple[Filter, ...]

    def matches(self, change: ChangeMessage) -> bool:
        """Whether the subscription includes the event."""
        return self.event in {_ANY, change.event.type} and all(
            filter_.matches(change.row) for filter_ in self.filters
        )


class Bindings:
    """The bindings of one channel, limited to what its role may read."""

    def __init__(self, rows: list[dict[str, Any]], tables: Tables) -> None:
        """Parse the bindings of ``phx_join``.

        Args:
            rows: ``config.postgres_changes`` of the join.
            tables: that the role may read.

        Raises:
            InvalidRequestError: A binding is not valid; the message names the reason.
            NotFoundError: A table does not exist, or the role may not read it.
        """
        self.configs = rows
        self.characters = len(json.dumps(rows, ensure_ascii=False))
        """Length of the bindings' JSON."""
        self._by_table: dict[str, list[Subscription]] = {}
        for number, config in enumerate(rows, 1):
            self._add(_read(number, config, tables))

    def for_role(self, tables: Tables) -> "Bindings":
        """Return the same bindings for another role, without tables that it may not read."""
        other = Bindings([], tables)
        other.configs, other.characters = self.configs, self.characters
        for number, config in enumerate(self.configs, 1):
            with contextlib.suppress(InvalidRequestError, NotFoundError):
                other._add(_read(number, config, tables))
        return other

    @property
    def tables(self) -> Mapping[str, object]:
        """The tables with at least one subscription, by name."""
        return self._by_table

    def answer(self) -> dict[str, Any]:
        """Return the join's response: the same bindings in the same order, with their ids."""
        rows = [{**config, "id": number} for number, config in enumerate(self.configs, 1)]
        return {"postgres_changes": rows}

    def ids(self, change: ChangeMessage) -> list[int]:
        """Return the ids of the bindings that match the event."""
        subscriptions = self._by_table.get(change.event.table, ())
        return [subscription.id for subscription in subscriptions if subscription.matches(change)]

    def table(self, name: str) -> Table:
        """Return a table with at least one subscription."""
        return self._by_table[name][0].table

    def _add(self, subscriptions: list[Subscription]) -> None:
        for subscription in subscriptions:
            self._by_table.setdefault(subscription.table.name, []).append(subscription)


def _read(number: int, config: dict[str, Any], tables: Tables) -> list[Subscription]:
    try:
        binding = PostgresChangesConfig.model_validate(config)
    except ValidationError:
        raise InvalidRequestError("A binding of postgres_changes is not valid.") from None
    event = binding.event.upper()
    if event not in _EVENTS:
        raise InvalidRequestError("The event of a binding is one of: *, INSERT, UPDATE, DELETE.")
    if binding.table_schema not in {None, _ANY, "public"}:
        raise NotFoundError("The schema does not exist.")
    if binding.table in {None, _ANY}:
        if binding.filter:
            raise InvalidRequestError("A filter requires a table.")
        return [Subscription(number, table, event, ()) for table in tables.values()]
    table = tables.get(binding.table or "")
    if table is None:
        raise NotFoundError("The table does not exist, is not published, or you may not read it.")
    conditions = tuple(filters.read((binding.filter or "").strip(), table.columns))
    return [Subscription(number, table, event, conditions)]
