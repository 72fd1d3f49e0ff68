"""Composes the SELECT of a table and its embedded resources."""

import itertools
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from psycopg import sql
from psycopg.sql import SQL, Composable

from functions.rest import errors
from functions.rest.errors import RestError
from functions.rest.request.ast import Column, Embed, Field, OrderTerm, SelectNode
from functions.rest.schema import relationships
from functions.rest.schema.catalog import Catalogue, Table
from functions.rest.schema.relationships import Relation
from functions.rest.sql import costs, expressions
from functions.rest.sql.expressions import SqlParams, TableScope, column_expression, identifier

MAX_ROWS = 1000
"""Of a table, and of each embedded resource; the default of Supabase."""

_DIRECTIONS = {None: SQL(""), "asc": SQL(" asc"), "desc": SQL(" desc")}
_NULLS = {None: SQL(""), "nullsfirst": SQL(" nulls first"), "nullslast": SQL(" nulls last")}
_NOTHING = SQL("")


@dataclass(frozen=True, slots=True)
class _Resource:
    """An embedded resource, and how it becomes part of the statement.

    A resource to which a filter or the order refers is a lateral join under ``alias``, which occurs
    once however often they refer to it. Any other is a subquery in the list of columns, which
    Postgres runs only for the rows that are left after sorting and the limit. If it is ``!inner``
    and not filtered by its embedded resources, a plain ``exists`` is added, which Postgres turns
    into a semi-join. So a resource occurs in a statement at most twice.
    """

    embed: Embed
    relation: Relation
    alias: Composable | None


@dataclass(frozen=True, slots=True)
class Source:
    """A table in the statement, with its embedded resources."""

    scope: TableScope
    is_counted: bool
    """Whether each row is counted (``costs``) even if the entire query is cheap."""
    resources: tuple[_Resource, ...]


class SelectBuilder:
    """Composes the reading part of one statement.

    Args:
        catalogue: of the role.
        root: the entire query; the methods compose parts of it.
    """

    def __init__(self, catalogue: Catalogue, root: SelectNode) -> None:
        self._catalogue = catalogue
        self._numbers = itertools.count()
        self._is_costly = costs.is_costly(root)
        self.values = SqlParams()

    def source(self, table: Table, node: SelectNode, *, is_counted: bool = False) -> Source:
        """Return a new source for a table, with an alias that is unique in the statement.

        Args:
            table: the table.
            node: its query.
            is_counted: whether each row is counted even if the entire query is cheap.
        """
        resources = self._resources(table, node)
        present = {
            resource.embed.name: _present(resource.alias)
            for resource in resources
            if resource.alias
        }
        scope = TableScope(self._alias("r"), table, present)
        return Source(scope, is_counted, resources)

    def rows(
        self, node: SelectNode, source: Source, origin: Composable, join: Sequence[Composable] = ()
    ) -> Composable:
        """Compose the selected rows in their order, or their number if only that is selected.

        Args:
            node: the query.
            source: of the table.
            origin: the table, or the query whose rows are read.
            join: conditions that tie the rows to those in which they are embedded.
        """
        scope = source.scope
        if _is_count(node, scope.table):
            return SQL("select count(*) as count from {}").format(
                self.filtered(node, source, origin, join)
            )
        return SQL("select {} from {}{}{}").format(
            self._selected(node, source),
            self.filtered(node, source, origin, join),
            self._order(node, source),
            self._window(node),
        )

    def filtered(
        self, node: SelectNode, source: Source, origin: Composable, join: Sequence[Composable] = ()
    ) -> Composable:
        """Compose the part after ``from``: joins, filters and ``!inner`` resources."""
        scope = source.scope
        joins = [
            self._joined(node, source, resource) for resource in source.resources if resource.alias
        ]
        parts = [*join, *self._conditions(node, source)]
        parts += [
            self._is_there(source, resource)
            for resource in source.resources
            if resource.embed.is_inner
        ]
        where = SQL(" where ") + SQL(" and ").join(parts) if parts else _NOTHING
        return SQL("{} as {}{}{}").format(origin, scope.alias, SQL("").join(joins), where)

    def labels(self, node: SelectNode, table: Table) -> list[str]:
        """Return the names of the response's columns."""
        labels = [label for column in node.columns for label, _ in self._expanded(column, table)]
        return [*labels, *(embed.name for embed in node.embeds if _is_selected(embed))]

    def counted(self, rows: Composable, node: SelectNode, value: Composable) -> Composable:
        """Compose ``value`` of each of the rows ``item``, counting its cost before aggregation.

        ``offset 0`` makes Postgres compute the value once for both its length and the output.
        """
        return SQL(
            "(select {} as value from ({}) as item offset 0) as item"
            " where rest.spend({}, item.value)"
        ).format(value, rows, _writing_units(node))

    def _alias(self, prefix: str) -> Composable:
        return identifier(f"{prefix}{next(self._numbers)}")

    def _resources(self, table: Table, node: SelectNode) -> tuple[_Resource, ...]:
        names = {embed.name for embed in node.embeds}
        referenced = {
            *expressions.embeds_named(node.where, names, table),
            *(term.relation for term in node.order),
        }
        return tuple(self._resource(table, embed, referenced) for embed in node.embeds)

    def _resource(
        self, table: Table, embed: Embed, referenced: Collection[str | None]
    ) -> _Resource:
        relation = relationships.resolve_relationship(
            self._catalogue, table.name, embed.target, embed.hint
        )
        target = self._catalogue.table(relation.target)
        is_joined = embed.name in referenced
        is_joined |= embed.is_inner and _is_filtered_by_resources(embed.node, target)
        return _Resource(embed, relation, self._alias("e") if is_joined else None)

    def _is_there(self, parent: Source, resource: _Resource) -> Composable:
        if resource.alias:
            return SQL("{} is true").format(_present(resource.alias))
        # Each row of the root table is tested once; counting that would prevent the semi-join.
        node, source, origin, join = self._embedded(parent, resource, is_counted=parent.is_counted)
        return SQL("exists (select from {})").format(self.filtered(node, source, origin, join))

    def _conditions(self, node: SelectNode, source: Source) -> list[Composable]:
        """Compose the filters; each row of an embedded resource is counted before them.

        Without ``case``, the planner would check cheap and leakproof conditions first.
        """
        spending = self.spending(node, source)
        filters = expressions.joined(source.scope, node.where, self.values)
        if not (source.is_counted and spending and filters):
            return [*spending, *filters]
        counted, joint = SQL(" and ").join(spending), SQL(" and ").join(filters)
        return [SQL("case when {} then {} else false end").format(counted, joint)]

    def spending(self, node: SelectNode, source: Source) -> list[Composable]:
        """Compose the condition that counts rows while they are read; empty if none is needed."""
        columns = source.scope.table.readable
        if not columns or not (source.is_counted or self._is_costly):
            return []
        units: list[Composable] = [sql.Literal(costs.of_reading(node))]
        units += expressions.search_units(source.scope, node.where, self.values)
        return [
            SQL("rest.spend({}, {}.{})").format(
                SQL(" + ").join(units), source.scope.alias, identifier(columns[0])
            )
        ]

    def _selected(self, node: SelectNode, source: Source) -> Composable:
        embedded = [
            SQL("{} as {}").format(self._content(source, resource), identifier(resource.embed.name))
            for resource in source.resources
            if _is_selected(resource.embed)
        ]
        return SQL(", ").join([*self._columns(node, source.scope), *embedded])

    def _columns(self, node: SelectNode, scope: TableScope) -> list[Composable]:
        return [
            SQL("{} as {}").format(
                expressions.cast(column_expression(scope, item.field, self.values), item.cast),
                identifier(label),
            )
            for column in node.columns
            for label, item in self._expanded(column, scope.table)
        ]

    def _expanded(self, column: Column, table: Table) -> list[tuple[str, Column]]:
        if column.field.name != "*":
            return [(column.alias or column.field.label, column)]
        return [(name, Column(Field(name))) for name in table.readable]

    def _content(self, parent: Source, resource: _Resource) -> Composable:
        """Compose an embedded resource's rows as JSON, from its join or a subquery."""
        if resource.alias:
            return SQL("{}.body").format(resource.alias)
        node, source, origin, join = self._embedded(parent, resource)
        rows = self.rows(node, source, origin, join)
        counted = self.counted(rows, node, SQL("row_to_json(item.*)"))
        if not resource.relation.is_to_one:
            return SQL("(select coalesce(json_agg(item.value), '[]') from {})").format(counted)
        if costs.of_writing_out(node.columns):
            return SQL("(select item.value from {})").format(counted)
        return SQL("(select row_to_json(item.*) from ({}) as item)").format(rows)

    def _joined(self, parent_node: SelectNode, parent: Source, resource: _Resource) -> Composable:
        """Compose an embedded resource as a join with ``body`` (JSON) and ``present``."""
        node, source, origin, join = self._embedded(parent, resource)
        if resource.relation.is_to_one:
            keys = _order_keys(parent_node, resource.embed.name)
            inner = self._one_row(node, source, origin, join, keys)
        else:
            rows = self.rows(node, source, origin, join)
            counted = self.counted(rows, node, SQL("row_to_json(item.*)"))
            present = SQL("count(*) > 0")
            if _is_count(node, source.scope.table):
                present = SQL("sum((item.value ->> 'count')::bigint) > 0")
            inner = SQL(
                "select coalesce(json_agg(item.value), '[]') as body, {} as present from {}"
            ).format(present, counted)
        return SQL(" left join lateral ({}) as {} on true").format(
            inner, resource.alias or _NOTHING
        )

    def _one_row(
        self,
        node: SelectNode,
        source: Source,
        origin: Composable,
        join: Sequence[Composable],
        keys: Sequence[OrderTerm],
    ) -> Composable:
        """Compose a to-one resource with the columns that order its parent: ``k0``, ``k1``."""
        ordered = [
            SQL(", {} as {}").format(
                column_expression(source.scope, term.field, self.values), identifier(f"k{nth}")
            )
            for nth, term in enumerate(keys)
        ]
        if _is_count(node, source.scope.table):
            body: Composable = SQL("json_build_object('count', 1)")
        else:
            selected = self._selected(node, source)
            body = SQL("(select row_to_json(item.*) from (select {}) as item)").format(selected)
        return SQL("select {} as body, true as present{} from {}{}").format(
            body,
            SQL("").join(ordered),
            self.filtered(node, source, origin, join),
            self._order(node, source) + self._window(node),
        )

    def _embedded(
        self, parent: Source, resource: _Resource, *, is_counted: bool = True
    ) -> tuple[SelectNode, Source, Composable, list[Composable]]:
        node, relation = resource.embed.node, resource.relation
        target = self._catalogue.table(relation.target)
        source = self.source(target, node, is_counted=is_counted)
        join: list[Composable] = [
            SQL("{}.{} = {}.{}").format(
                source.scope.alias, identifier(theirs), parent.scope.alias, identifier(mine)
            )
            for mine, theirs in relation.pairs
        ]
        return node, source, identifier("public", relation.target), join

    def _window(self, node: SelectNode) -> Composable:
        limit = MAX_ROWS if node.limit is None else min(node.limit, MAX_ROWS)
        return SQL(" limit {} offset {}").format(
            self.values.add(None if node.is_unlimited else limit), self.values.add(node.offset)
        )

    def _order(self, node: SelectNode, source: Source) -> Composable:
        terms = [
            self._ordered(node, term, source) + _DIRECTIONS[term.direction] + _NULLS[term.nulls]
            for term in node.order
        ]
        return SQL(" order by ") + SQL(", ").join(terms) if terms else _NOTHING

    def _ordered(self, node: SelectNode, term: OrderTerm, source: Source) -> Composable:
        if term.relation is None:
            return column_expression(source.scope, term.field, self.values)
        resource = next((r for r in source.resources if r.embed.name == term.relation), None)
        if resource is None or resource.alias is None:
            raise errors.not_embedded(term.relation)
        if not resource.relation.is_to_one:
            raise _no_related_order(source.scope.table.name, resource.embed.name)
        key_index = _order_keys(node, term.relation).index(term)
        return SQL("{}.{}").format(resource.alias, identifier(f"k{key_index}"))


def _present(alias: Composable) -> Composable:
    return SQL("{}.present").format(alias)


def _is_filtered_by_resources(node: SelectNode, table: Table) -> bool:
    names = {embed.name for embed in node.embeds}
    has_inner = any(embed.is_inner for embed in node.embeds)
    return has_inner or bool(expressions.embeds_named(node.where, names, table))


def _order_keys(node: SelectNode, name: str) -> list[OrderTerm]:
    """Return the order terms of a table that refer to the to-one resource ``name``."""
    return [term for term in node.order if term.relation == name]


def _writing_units(node: SelectNode) -> Composable:
    return SQL("pg_column_size(item.value) / {} + {}").format(
        sql.Literal(costs.CHARACTERS_PER_UNIT), sql.Literal(costs.of_writing_out(node.columns))
    )


def _is_count(node: SelectNode, table: Table) -> bool:
    """Whether only ``count`` is selected, and the table has no column of that name."""
    is_lone = not node.embeds and node.columns == [Column(Field("count"))]
    return is_lone and "count" not in table.columns


def _is_selected(embed: Embed) -> bool:
    """Whether an embedded resource is in the output; an empty one is only for filters."""
    return bool(embed.node.columns) or any(_is_selected(inner) for inner in embed.node.embeds)


def _no_related_order(origin: str, target: str) -> RestError:
    return RestError(
        400,
        "PGRST118",
        f"A related order on '{target}' is not possible",
        details=(f"'{origin}' and '{target}' do not form a many-to-one or one-to-one relationship"),
    )
