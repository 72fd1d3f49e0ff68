"""What a channel is to tell: its bindings, each with the id by which the client knows it."""

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
    """Changes of one table, under one id."""

    id: int
    table: Table
    event: str
    filters: tuple[Filter, ...]

    def matches(self, change: ChangeMessage) -> bool:
        """Whether the event is one of them."""
        return self.event in {_ANY, change.event.type} and all(
            filter_.matches(change.row) for filter_ in self.filters
        )


class Bindings:
    """Those of one channel, as its role may read the tables."""

    def __init__(self, rows: list[dict[str, Any]], tables: Tables) -> None:
        """Read what ``phx_join`` asks for.

        Raises:
            InvalidError: saying what is wrong with it.
            NotFoundError: for a table that is not there, or not the role's to read.
        """
        self.given = rows
        self.characters = len(json.dumps(rows, ensure_ascii=False))
        """Of its JSON."""
        self._wanted: dict[str, list[Subscription]] = {}
        for number, one in enumerate(rows, 1):
            self._add(_read(number, one, tables))

    def for_role(self, tables: Tables) -> "Bindings":
        """The same for another role; what that may not read is not wanted meanwhile."""
        other = Bindings([], tables)
        other.given, other.characters = self.given, self.characters
        for number, one in enumerate(self.given, 1):
            with contextlib.suppress(InvalidRequestError, NotFoundError):
                other._add(_read(number, one, tables))
        return other

    @property
    def tables(self) -> Mapping[str, object]:
        """The names of the tables of which something is wanted."""
        return self._wanted

    def answer(self) -> dict[str, Any]:
        """What the join is answered: the same bindings in the same order, with their ids."""
        rows = [{**one, "id": number} for number, one in enumerate(self.given, 1)]
        return {"postgres_changes": rows}

    def ids(self, change: ChangeMessage) -> list[int]:
        """The bindings that the event is of."""
        wanted = self._wanted.get(change.event.table, ())
        return [one.id for one in wanted if one.matches(change)]

    def table(self, name: str) -> Table:
        """The table of which something is wanted."""
        return self._wanted[name][0].table

    def _add(self, several: list[Subscription]) -> None:
        for wanted in several:
            self._wanted.setdefault(wanted.table.name, []).append(wanted)


def _read(number: int, config: dict[str, Any], tables: Tables) -> list[Subscription]:
    try:
        binding = PostgresChangesConfig.model_validate(config)
    except ValidationError:
        raise InvalidRequestError("A binding of postgres_changes is not valid.") from None
    event = binding.event.upper()
    if event not in _EVENTS:
        raise InvalidRequestError("The event of a binding is one of: *, INSERT, UPDATE, DELETE.")
    if binding.table_schema not in {None, _ANY, "public"}:
        raise NotFoundError("There is no such schema.")
    if binding.table in {None, _ANY}:
        if binding.filter:
            raise InvalidRequestError("A filter needs a table.")
        return [Subscription(number, table, event, ()) for table in tables.values()]
    table = tables.get(binding.table or "")
    if table is None:
        raise NotFoundError("There is no such table, or none whose changes are told to you.")
    found = tuple(filters.read((binding.filter or "").strip(), table.columns))
    return [Subscription(number, table, event, found)]
