"""Syntax tree of a request. Its names are not checked against the schema yet."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class JsonPathStep:
    """A step into JSON: ``->key``, ``->0``, or ``->>key`` for text."""

    key: str
    is_index: bool = False
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or a path in its JSON."""

    name: str
    path: tuple[JsonPathStep, ...] = ()

    @property
    def label(self) -> str:
        """Its name in the response: the last key of its JSON path, or the column."""
        keys = [step.key for step in self.path if not step.is_index]
        return keys[-1] if keys else self.name


@dataclass(frozen=True, slots=True)
class Column:
    """One item of ``select``; ``*`` stands for every column that the role may read."""

    field: Field
    alias: str | None = None
    cast: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """``column=operator.value``."""

    field: Field
    operator: str
    value: str | tuple[str, ...]
    is_negated: bool = False
    extra: str | None = None
    """``any`` or ``all``, or the language of a search."""


@dataclass(frozen=True, slots=True)
class Group:
    """``and=(...)`` or ``or=(...)``."""

    joint: Literal["and", "or"]
    parts: tuple["FilterNode", ...]
    is_negated: bool = False


FilterNode: TypeAlias = Condition | Group


@dataclass(frozen=True, slots=True)
class OrderTerm:
    """One item of ``order``; ``relation`` names the embedded to-one resource of its field."""

    field: Field
    relation: str | None = None
    direction: Literal["asc", "desc"] | None = None
    nulls: Literal["nullsfirst", "nullslast"] | None = None


@dataclass(slots=True)
class SelectNode:
    """The query of one table or embedded resource."""

    columns: list[Column] = field(default_factory=list)
    embeds: list["Embed"] = field(default_factory=list)
    where: list[FilterNode] = field(default_factory=list)
    order: list[OrderTerm] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    is_unlimited: bool = False
    """Whether the default limit does not apply: all written rows are returned."""


@dataclass(frozen=True, slots=True)
class Embed:
    """``alias:table!hint!inner(...)``."""

    target: str
    node: SelectNode
    alias: str | None = None
    hint: str | None = None
    is_inner: bool = False

    @property
    def name(self) -> str:
        """Its name in the response and in the request's filters."""
        return self.alias or self.target
