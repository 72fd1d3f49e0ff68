"""Resolves the foreign key by which a client embeds one table in another."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.rest.errors import RestError
from functions.rest.schema.catalog import Catalogue, ForeignKey


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation from one table to another along a foreign key."""

    link: ForeignKey
    origin: str
    target: str
    pairs: tuple[tuple[str, str], ...]
    """Pairs of columns that are equal: the origin's and the target's."""
    is_to_one: bool
    is_forward: bool
    """Whether the foreign key is in the origin."""

    @property
    def cardinality(self) -> str:
        """The cardinality with PostgREST's name."""
        if self.link.is_unique:
            return "one-to-one"
        return "many-to-one" if self.is_forward else "one-to-many"


def resolve_relationship(
    catalogue: Catalogue, origin: str, target: str, hint: str | None
) -> Relation:
    """Return the relation between two tables that a client names.

    Args:
        catalogue: of the role.
        origin: the table in which the other is embedded.
        target: a table, foreign key or column of the foreign key.
        hint: a foreign key or one of its columns, to choose between several; None without one.

    Raises:
        RestError: PGRST200 if there is no such relation, PGRST201 if there are several.
    """
    meant = [relation for relation in _of(catalogue, origin) if _is_meant(relation, target, hint)]
    if len(meant) == 1:
        return meant[0]
    raise _several(origin, target, meant) if meant else _none(origin, target, hint)


def _of(catalogue: Catalogue, table: str) -> Iterator[Relation]:
    for link in catalogue.links:
        if link.origin == table:
            pairs = tuple(zip(link.columns, link.target_columns, strict=True))
            yield Relation(link, table, link.target, pairs, is_to_one=True, is_forward=True)
        if link.target == table:
            pairs = tuple(zip(link.target_columns, link.columns, strict=True))
            yield Relation(link, table, link.origin, pairs, link.is_unique, is_forward=False)


def _is_meant(relation: Relation, target: str, hint: str | None) -> bool:
    is_self = relation.origin == relation.target
    if hint is not None:
        names = {
            relation.link.name,
            *_single(relation.link.columns),
            *_single(relation.link.target_columns),
        }
        # If a table references itself, the hint chooses the side.
        side = not is_self or (hint in relation.link.columns) == relation.is_forward
        return target == relation.target and hint in names and side
    if target == relation.target:
        return not (is_self and relation.is_forward)
    return target == relation.link.name or (
        relation.is_forward and target in _single(relation.link.columns)
    )


def _single(columns: tuple[str, ...]) -> tuple[str, ...]:
    return columns if len(columns) == 1 else ()


def _none(origin: str, target: str, hint: str | None) -> RestError:
    using = f" using the hint '{hint}'" if hint else ""
    return RestError(
        400,
        "PGRST200",
        f"Could not find a relationship between '{origin}' and '{target}' in the schema cache",
        details=(
            f"Searched for a foreign key relationship between '{origin}' and '{target}'{using}"
            " in the schema 'public', but no matches were found."
        ),
    )


def _several(origin: str, target: str, meant: list[Relation]) -> RestError:
    ways = ", ".join(f"'{relation.target}!{relation.link.name}'" for relation in meant)
    return RestError(
        300,
        "PGRST201",
        "Could not embed because more than one relationship was found for"
        f" '{origin}' and '{target}'",
        details=[
            {
                "cardinality": relation.cardinality,
                "embedding": f"{relation.origin} with {relation.target}",
                "relationship": _describe(relation),
            }
            for relation in meant
        ],
        hint=(
            f"Try changing '{target}' to one of the following: {ways}."
            " Find the desired relationship in the 'details' key."
        ),
    )


def _describe(relation: Relation) -> str:
    mine, theirs = zip(*relation.pairs, strict=True)
    return (
        f"{relation.link.name} using {relation.origin}({', '.join(mine)})"
        f" and {relation.target}({', '.join(theirs)})"
    )
