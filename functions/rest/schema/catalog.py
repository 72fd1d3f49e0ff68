"""What of the schema ``public`` a role may name: tables, their columns and links, functions."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from functions.rest import errors

Type: TypeAlias = tuple[str, str]
"""A schema, and a type of it: an array's is that of its elements with a ``_`` before."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the role may read or write."""

    name: str
    type: Type
    is_readable: bool
    in_key: bool
    """The primary key's."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or what a function gives."""

    name: str
    columns: dict[str, Column]

    @property
    def readable(self) -> tuple[str, ...]:
        """What ``*`` is."""
        return tuple(column.name for column in self.columns.values() if column.is_readable)

    @property
    def key(self) -> tuple[str, ...]:
        """The primary key."""
        return tuple(column.name for column in self.columns.values() if column.in_key)

    def column(self, name: str) -> Column:
        """The column of that name. Raises RestError (42703)."""
        if name not in self.columns:
            raise errors.unknown_column(self.name, name)
        return self.columns[name]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key, as it is told: ``origin`` refers to ``target``."""

    name: str
    origin: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    is_unique: bool
    """Whether no two rows of ``origin`` refer to one of ``target``."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the role may call."""

    name: str
    parameters: dict[str, Type]
    required: frozenset[str]
    gives: Table | None
    """The columns of what it gives; None for a single value."""
    is_void: bool
    is_set: bool
    is_volatile: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """All of it, as it was when it was read."""

    tables: dict[str, Table] = field(default_factory=dict)
    links: tuple[ForeignKey, ...] = ()
    routines: dict[str, tuple[Function, ...]] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """The table of that name. Raises RestError (PGRST205)."""
        if name not in self.tables:
            raise errors.unknown_table(name)
        return self.tables[name]


def build_catalog(
    columns: list[dict[str, Any]], links: list[dict[str, Any]], routines: list[dict[str, Any]]
) -> Catalogue:
    """The catalogue, from the rows of ``queries``."""
    tables: dict[str, Table] = {}
    for row in columns:
        table = tables.setdefault(row["table"], Table(row["table"], {}))
        of = (row["type_schema"], row["type"])
        table.columns[row["name"]] = Column(row["name"], of, row["is_readable"], row["in_key"])
    found: dict[str, tuple[Function, ...]] = {}
    for row in routines:
        found[row["name"]] = (*found.get(row["name"], ()), _routine(row, tables))
    named = [
        ForeignKey(**{**row, **{key: tuple(row[key]) for key in ("columns", "target_columns")}})
        for row in links
    ]
    return Catalogue(tables, tuple(link for link in named if _is_readable(link, tables)), found)


def _is_readable(link: ForeignKey, tables: dict[str, Table]) -> bool:
    """A link through a column that is not granted does not exist for the role."""
    ends = ((link.origin, link.columns), (link.target, link.target_columns))
    return all(
        name in tables and set(columns) <= set(tables[name].readable) for name, columns in ends
    )


def _routine(row: dict[str, Any], tables: dict[str, Table]) -> Function:
    arguments = row["arguments"]
    inputs = [argument for argument in arguments if argument["mode"] in {"i", "b"}]
    required = inputs[: len(inputs) - row["defaults"]]
    gives = None
    if row["row_table"] in tables:
        gives = tables[row["row_table"]]
    elif row["is_row"]:
        out = [argument for argument in arguments if argument["mode"] in {"o", "b", "t"}] or row[
            "row_columns"
        ]
        gives = Table(
            row["name"],
            {
                one["name"]: Column(one["name"], (one["schema"], one["type"]), True, False)
                for one in out
            },
        )
    return Function(
        row["name"],
        {one["name"]: (one["schema"], one["type"]) for one in inputs},
        frozenset(one["name"] for one in required),
        gives,
        is_void=row["returns"] == "void",
        is_set=row["is_set"],
        is_volatile=row["is_volatile"],
    )
