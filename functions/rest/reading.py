"""What is wanted of a table, and of those that hang on it, as SQL."""

import itertools
from collections.abc import Sequence
from functools import partial

from psycopg.sql import SQL, Composable

from functions.rest import conditions, errors, relations
from functions.rest.catalogue import Catalogue, Table
from functions.rest.conditions import Scope, Values, identifier, place
from functions.rest.errors import RestError
from functions.rest.relations import Relation
from functions.rest.tree import Column, Embed, Field, Node, Term

MOST_ROWS = 1000
"""Of a table, and of each embedded resource; as Supabase's own default."""

_DIRECTIONS = {None: SQL(""), "asc": SQL(" asc"), "desc": SQL(" desc")}
_NULLS = {None: SQL(""), "nullsfirst": SQL(" nulls first"), "nullslast": SQL(" nulls last")}
_NOTHING = SQL("")


class Reader:
    """Composes one statement's reading."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._numbers = itertools.count()
        self.values = Values()

    def scope(self, table: Table, node: Node) -> Scope:
        """A row of the table, under an alias of its own."""
        scope = Scope(identifier(f"r{next(self._numbers)}"), table)
        for embed in node.embeds:
            relation = self._relation(table, embed)
            scope.exists[embed.name] = partial(self._exists, scope, embed, relation)
        return scope

    def rows(
        self, node: Node, scope: Scope, source: Composable, join: Sequence[Composable] = ()
    ) -> Composable:
        """The rows that are wanted, in their order; or how many there are."""
        is_count = not node.embeds and node.columns == [Column(Field("count"))]
        if is_count and "count" not in scope.table.columns:
            return SQL("select count(*) as count from {} as {}{}").format(
                source, scope.alias, self.where(node, scope, join)
            )
        limit = MOST_ROWS if node.limit is None else min(node.limit, MOST_ROWS)
        return SQL("select {} from {} as {}{}{} limit {} offset {}").format(
            SQL(", ").join([*self._columns(node, scope), *self._embedded(node, scope)]),
            source,
            scope.alias,
            self.where(node, scope, join),
            self._order(node, scope),
            self.values.add(None if node.is_whole else limit),
            self.values.add(node.offset),
        )

    def where(self, node: Node, scope: Scope, join: Sequence[Composable] = ()) -> Composable:
        """The filters, and that each ``!inner`` resource is there."""
        parts = [*join, *conditions.joined(scope, node.where, self.values)]
        parts += [scope.exists[embed.name]() for embed in node.embeds if embed.is_inner]
        return SQL(" where ") + SQL(" and ").join(parts) if parts else _NOTHING

    def labels(self, node: Node, table: Table) -> list[str]:
        """The names of an answer's columns."""
        found = [label for one in node.columns for label, _ in self._expanded(one, table)]
        return [*found, *(embed.name for embed in node.embeds if _is_told(embed))]

    def _columns(self, node: Node, scope: Scope) -> list[Composable]:
        return [
            SQL("{} as {}").format(
                conditions.cast(place(scope, one.field, self.values), one.cast), identifier(label)
            )
            for column in node.columns
            for label, one in self._expanded(column, scope.table)
        ]

    def _expanded(self, column: Column, table: Table) -> list[tuple[str, Column]]:
        if column.field.name != "*":
            return [(column.alias or column.field.label, column)]
        return [(name, Column(Field(name))) for name in table.readable]

    def _embedded(self, node: Node, scope: Scope) -> list[Composable]:
        return [
            SQL("{} as {}").format(self._embed(scope, embed), identifier(embed.name))
            for embed in node.embeds
            if _is_told(embed)
        ]

    def _embed(self, parent: Scope, embed: Embed) -> Composable:
        relation = self._relation(parent.table, embed)
        scope, source, join = self._joined(parent, embed, relation)
        inner = self.rows(embed.node, scope, source, join)
        if relation.is_to_one:
            return SQL("(select row_to_json(one.*) from ({}) as one)").format(inner)
        return SQL("(select coalesce(json_agg(one.*), '[]') from ({}) as one)").format(inner)

    def _exists(self, parent: Scope, embed: Embed, relation: Relation) -> Composable:
        scope, source, join = self._joined(parent, embed, relation)
        where = self.where(embed.node, scope, join)
        return SQL("exists (select from {} as {}{})").format(source, scope.alias, where)

    def _joined(
        self, parent: Scope, embed: Embed, relation: Relation
    ) -> tuple[Scope, Composable, list[Composable]]:
        scope = self.scope(self._catalogue.table(relation.target), embed.node)
        join: list[Composable] = [
            SQL("{}.{} = {}.{}").format(
                scope.alias, identifier(theirs), parent.alias, identifier(mine)
            )
            for mine, theirs in relation.pairs
        ]
        return scope, identifier("public", relation.target), join

    def _relation(self, table: Table, embed: Embed) -> Relation:
        return relations.found(self._catalogue, table.name, embed.target, embed.hint)

    def _order(self, node: Node, scope: Scope) -> Composable:
        terms = [
            self._ordered(node, term, scope) + _DIRECTIONS[term.direction] + _NULLS[term.nulls]
            for term in node.order
        ]
        return SQL(" order by ") + SQL(", ").join(terms) if terms else _NOTHING

    def _ordered(self, node: Node, term: Term, scope: Scope) -> Composable:
        if term.relation is None:
            return place(scope, term.field, self.values)
        embed = next((one for one in node.embeds if one.name == term.relation), None)
        if embed is None:
            raise errors.not_embedded(term.relation)
        relation = self._relation(scope.table, embed)
        if not relation.is_to_one:
            raise _no_related_order(scope.table.name, embed.name)
        inner, source, join = self._joined(scope, embed, relation)
        return SQL("(select {} from {} as {}{})").format(
            place(inner, term.field, self.values),
            source,
            inner.alias,
            self.where(embed.node, inner, join),
        )


def _is_told(embed: Embed) -> bool:
    """An empty embedded resource is there to filter by."""
    return bool(embed.node.columns) or any(_is_told(inner) for inner in embed.node.embeds)


def _no_related_order(origin: str, target: str) -> RestError:
    return RestError(
        400,
        "PGRST118",
        f"A related order on '{target}' is not possible",
        details=(f"'{origin}' and '{target}' do not form a many-to-one or one-to-one relationship"),
    )
