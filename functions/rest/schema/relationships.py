"""How two tables hang together, by the name under which a client embeds one in the other."""

from collections.abc import Iterator
from dataclasses import dataclass

from functions.rest.errors import RestError
from functions.rest.schema.catalog import Catalogue, Link


@dataclass(frozen=True, slots=True)
class Relation:
    """The way from one table to another along a foreign key."""

    link: Link
    origin: str
    target: str
    pairs: tuple[tuple[str, str], ...]
    """Of columns that are equal: the origin's and the target's."""
    is_to_one: bool
    is_forward: bool
    """Whether the origin holds the foreign key."""

    @property
    def cardinality(self) -> str:
        """As PostgREST names it."""
        if self.link.is_unique:
            return "one-to-one"
        return "many-to-one" if self.is_forward else "one-to-many"


def found(catalogue: Catalogue, origin: str, target: str, hint: str | None) -> Relation:
    """The one relation that is meant.

    Raises:
        RestError: PGRST200 where there is none, PGRST201 where there are several.
    """
    meant = [one for one in _of(catalogue, origin) if _is_meant(one, target, hint)]
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


def _is_meant(one: Relation, target: str, hint: str | None) -> bool:
    is_self = one.origin == one.target
    if hint is not None:
        names = {one.link.name, *_single(one.link.columns), *_single(one.link.target_columns)}
        # Of a table's link to itself, a hint means the side that it is of.
        side = not is_self or (hint in one.link.columns) == one.is_forward
        return target == one.target and hint in names and side
    if target == one.target:
        return not (is_self and one.is_forward)
    return target == one.link.name or (one.is_forward and target in _single(one.link.columns))


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
    ways = ", ".join(f"'{one.target}!{one.link.name}'" for one in meant)
    return RestError(
        300,
        "PGRST201",
        "Could not embed because more than one relationship was found for"
        f" '{origin}' and '{target}'",
        details=[
            {
                "cardinality": one.cardinality,
                "embedding": f"{one.origin} with {one.target}",
                "relationship": _told(one),
            }
            for one in meant
        ],
        hint=(
            f"Try changing '{target}' to one of the following: {ways}."
            " Find the desired relationship in the 'details' key."
        ),
    )


def _told(one: Relation) -> str:
    mine, theirs = zip(*one.pairs, strict=True)
    return (
        f"{one.link.name} using {one.origin}({', '.join(mine)})"
        f" and {one.target}({', '.join(theirs)})"
    )
