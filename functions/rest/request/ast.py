"""What a request asks for, as it was written: no name in it is known to exist yet."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class JsonPathStep:
    """A step into JSON: ``->key``, ``->0``, or by ``->>`` its text."""

    key: str
    is_index: bool = False
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A column, or a place in its JSON."""

    name: str
    path: tuple[JsonPathStep, ...] = ()

    @property
    def label(self) -> str:
        """What it is called in an answer: the last key, as JSON paths are told."""
        keys = [step.key for step in self.path if not step.is_index]
        return keys[-1] if keys else self.name


@dataclass(frozen=True, slots=True)
class Column:
    """One item of ``select``; ``*`` is each column that may be read."""

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
    """One item of ``order``; ``relation`` is the embedded to-one resource that it is of."""

    field: Field
    relation: str | None = None
    direction: Literal["asc", "desc"] | None = None
    nulls: Literal["nullsfirst", "nullslast"] | None = None


@dataclass(slots=True)
class SelectNode:
    """What is wanted of one table."""

    columns: list[Column] = field(default_factory=list)
    embeds: list["Embed"] = field(default_factory=list)
    where: list[FilterNode] = field(default_factory=list)
    order: list[OrderTerm] = field(default_factory=list)
    limit: int | None = None
    offset: int = 0
    is_whole: bool = False
    """Without the limit that holds otherwise: what was written is told whole."""


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
        """What it is called in the answer, and in the request's filters."""
        return self.alias or self.target
