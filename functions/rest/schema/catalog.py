"""Schema model of one role: tables, columns, foreign keys and functions of ``public``."""

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from functions.rest import errors

Type: TypeAlias = tuple[str, str]
"""A schema and the name of its type; an array's name is that of its elements after a ``_``."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column that the role may read or write."""

    name: str
    type: Type
    is_readable: bool
    in_key: bool
    """Whether it belongs to the primary key."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table, or the rows that a function returns."""

    name: str
    columns: dict[str, Column]

    @property
    def readable(self) -> tuple[str, ...]:
        """The columns that ``*`` stands for."""
        return tuple(column.name for column in self.columns.values() if column.is_readable)

    @property
    def key(self) -> tuple[str, ...]:
        """The columns of the primary key."""
        return tuple(column.name for column in self.columns.values() if column.in_key)

    def column(self, name: str) -> Column:
        """Return the column of that name. Raises RestError (42703)."""
        if name not in self.columns:
            raise errors.unknown_column(self.name, name)
        return self.columns[name]


@dataclass(frozen=True, slots=True)
class ForeignKey:
    """A foreign key: ``origin`` references ``target``."""

    name: str
    origin: str
    columns: tuple[str, ...]
    target: str
    target_columns: tuple[str, ...]
    is_unique: bool
    """Whether at most one row of ``origin`` references each row of ``target``."""


@dataclass(frozen=True, slots=True)
class Function:
    """A function that the role may call."""

    name: str
    parameters: dict[str, Type]
    required: frozenset[str]
    gives: Table | None
    """The columns that it returns; None for a single value."""
    is_void: bool
    is_set: bool
    is_volatile: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The schema that one role may use, as of one read."""

    tables: dict[str, Table] = field(default_factory=dict)
    links: tuple[ForeignKey, ...] = ()
    routines: dict[str, tuple[Function, ...]] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        """Return the table of that name. Raises RestError (PGRST205)."""
        if name not in self.tables:
            raise errors.unknown_table(name)
        return self.tables[name]


def build_catalog(
    columns: list[dict[str, Any]], links: list[dict[str, Any]], routines: list[dict[str, Any]]
) -> Catalogue:
    """Build the catalogue from the rows of ``introspection``."""
    tables: dict[str, Table] = {}
    for row in columns:
        table = tables.setdefault(row["table"], Table(row["table"], {}))
        of = (row["type_schema"], row["type"])
        table.columns[row["name"]] = Column(row["name"], of, row["is_readable"], row["in_key"])
    functions: dict[str, tuple[Function, ...]] = {}
    for row in routines:
        functions[row["name"]] = (*functions.get(row["name"], ()), _routine(row, tables))
    foreign_keys = [
        ForeignKey(**{**row, **{key: tuple(row[key]) for key in ("columns", "target_columns")}})
        for row in links
    ]
    return Catalogue(
        tables, tuple(link for link in foreign_keys if _is_readable(link, tables)), functions
    )


def _is_readable(link: ForeignKey, tables: dict[str, Table]) -> bool:
    """Whether the role may read all columns of a foreign key; without that it is not visible."""
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
                column["name"]: Column(
                    column["name"], (column["schema"], column["type"]), True, False
                )
                for column in out
            },
        )
    return Function(
        row["name"],
        {argument["name"]: (argument["schema"], argument["type"]) for argument in inputs},
        frozenset(argument["name"] for argument in required),
        gives,
        is_void=row["returns"] == "void",
        is_set=row["is_set"],
        is_volatile=row["is_volatile"],
    )
