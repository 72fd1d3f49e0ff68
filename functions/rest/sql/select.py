"""What is wanted of a table, and of those that hang on it, as SQL."""

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
"""Of a table, and of each embedded resource; as Supabase's own default."""

_DIRECTIONS = {None: SQL(""), "asc": SQL(" asc"), "desc": SQL(" desc")}
_NULLS = {None: SQL(""), "nullsfirst": SQL(" nulls first"), "nullslast": SQL(" nulls last")}
_NOTHING = SQL("")


@dataclass(frozen=True, slots=True)
class _Resource:
    """An embedded resource, and how it is part of the statement.

    One to which a filter or the order refers is a lateral join, under ``alias``: however often they
    refer to it, it stands in the statement once. Any other is a subquery in the list of columns,
    which Postgres reads for the rows alone that are left after sorting and the limit; if it is
    ``!inner`` and filtered by nothing that is embedded in it, a plain ``exists`` stands beside it,
    which Postgres turns into a semi-join. So no resource stands in a statement more than twice.
    """

    embed: Embed
    relation: Relation
    alias: Composable | None


@dataclass(frozen=True, slots=True)
class Source:
    """A row of a table, as the statement reads it, with the resources that are embedded in it."""

    scope: TableScope
    is_counted: bool
    """Whether each row costs something (``costs``), though the query as a whole is cheap."""
    resources: tuple[_Resource, ...]


class SelectBuilder:
    """Composes one statement's reading: each embedded resource once, or twice (``_Resource``).

    Args:
        catalogue: what the role may see.
        root: the whole query, of which each part is composed.
    """

    def __init__(self, catalogue: Catalogue, root: SelectNode) -> None:
        self._catalogue = catalogue
        self._numbers = itertools.count()
        self._is_costly = costs.is_costly(root)
        self.values = SqlParams()

    def source(self, table: Table, node: SelectNode, *, is_counted: bool = False) -> Source:
        """A row of the table, under an alias of its own."""
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
        """The rows that are wanted, in their order; or how many there are.

        Args:
            node: what is wanted.
            source: a row of the table.
            origin: the table, or the query whose rows are read.
            join: what ties the rows to the resource in which they are embedded.
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
        """What stands after ``from``: the joins, the filters, and the ``!inner`` resources."""
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
        """The names of an answer's columns."""
        found = [label for column in node.columns for label, _ in self._expanded(column, table)]
        return [*found, *(embed.name for embed in node.embeds if _is_selected(embed))]

    def counted(self, rows: Composable, node: SelectNode, value: Composable) -> Composable:
        """``value``, of each of the rows ``item``; what it costs is counted before it is collected.

        ``offset 0`` has the value made once, for its length and for what becomes of it.
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
        # Of the table's own rows, each is tested once; to count that would forbid the semi-join.
        node, source, origin, join = self._embedded(parent, resource, is_counted=parent.is_counted)
        return SQL("exists (select from {})").format(self.filtered(node, source, origin, join))

    def _conditions(self, node: SelectNode, source: Source) -> list[Composable]:
        """The filters; of an embedded resource, each row is counted before any of them.

        Left to itself, the planner checks what is cheap and leaks nothing before all else.
        """
        spending = self.spending(node, source)
        filters = expressions.joined(source.scope, node.where, self.values)
        if not (source.is_counted and spending and filters):
            return [*spending, *filters]
        counted, joint = SQL(" and ").join(spending), SQL(" and ").join(filters)
        return [SQL("case when {} then {} else false end").format(counted, joint)]

    def spending(self, node: SelectNode, source: Source) -> list[Composable]:
        """The condition that counts the rows as they are read."""
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
                expressions.cast(column_expression(scope, one.field, self.values), one.cast),
                identifier(label),
            )
            for column in node.columns
            for label, one in self._expanded(column, scope.table)
        ]

    def _expanded(self, column: Column, table: Table) -> list[tuple[str, Column]]:
        if column.field.name != "*":
            return [(column.alias or column.field.label, column)]
        return [(name, Column(Field(name))) for name in table.readable]

    def _content(self, parent: Source, resource: _Resource) -> Composable:
        """An embedded resource's rows as JSON: its join's, or a subquery's."""
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
        """An embedded resource as a join: its ``body`` as JSON, and whether it is ``present``."""
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
        """A to-one resource, with the columns by which its parent is ordered: ``k0``, ``k1``."""
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
            self.values.add(None if node.is_whole else limit), self.values.add(node.offset)
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
        place_of_key = _order_keys(node, term.relation).index(term)
        return SQL("{}.{}").format(resource.alias, identifier(f"k{place_of_key}"))


def _present(alias: Composable) -> Composable:
    return SQL("{}.present").format(alias)


def _is_filtered_by_resources(node: SelectNode, table: Table) -> bool:
    names = {embed.name for embed in node.embeds}
    has_inner = any(embed.is_inner for embed in node.embeds)
    return has_inner or bool(expressions.embeds_named(node.where, names, table))


def _order_keys(node: SelectNode, name: str) -> list[OrderTerm]:
    """The terms by which a table is ordered that are a to-one resource's."""
    return [term for term in node.order if term.relation == name]


def _writing_units(node: SelectNode) -> Composable:
    return SQL("pg_column_size(item.value) / {} + {}").format(
        sql.Literal(costs.CHARACTERS_PER_UNIT), sql.Literal(costs.of_writing_out(node.columns))
    )


def _is_count(node: SelectNode, table: Table) -> bool:
    """Whether a lone ``count`` is wanted, and is no column."""
    is_lone = not node.embeds and node.columns == [Column(Field("count"))]
    return is_lone and "count" not in table.columns


def _is_selected(embed: Embed) -> bool:
    """An empty embedded resource is there to filter by."""
    return bool(embed.node.columns) or any(_is_selected(inner) for inner in embed.node.embeds)


def _no_related_order(origin: str, target: str) -> RestError:
    return RestError(
        400,
        "PGRST118",
        f"A related order on '{target}' is not possible",
        details=(f"'{origin}' and '{target}' do not form a many-to-one or one-to-one relationship"),
    )
