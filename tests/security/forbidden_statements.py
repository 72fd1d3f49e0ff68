"""Statements that a role must not execute, derived from the catalogue and the designed grants."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tests.integration.operations.schema_tables import ANYONE_MAY, USERS_MAY
from tests.support.db_roles import Role
from tests.support.local_system import LocalSystem

MIGRATION_TOOLS = r"^_?yoyo"
_SERVICE_MAY = "DELETE INSERT SELECT UPDATE"
_APPEND_ONLY = {"credit_ledger": "INSERT SELECT"}
_MAY: dict[Role, Mapping[str, str]] = {"authenticated": USERS_MAY, "anon": ANYONE_MAY}

_ON_TABLES = (
    "truncate {table}",  # not cascade, which would need privileges on the dependents as well
    "alter table {table} disable row level security",
    "alter table {table} no force row level security",
    "alter table {table} disable trigger all",
    "alter table {table} owner to current_user",
    "alter table {table} add column mine integer",
    "drop table {table} cascade",
    "create policy mine on {table} using (true)",
    "create trigger mine before insert on {table} for each row execute function auth.uid()",
    "create index on {table} ((1))",
    "create rule mine as on insert to {table} do instead nothing",
    "comment on table {table} is 'mine'",
)
EVERYWHERE = (
    "create table public.mine (id integer)",
    "create table private.mine (id integer)",
    "create function public.mine() returns integer language sql as 'select 1'",
    "create function auth.mine() returns integer language sql as 'select 1'",
    "create schema mine",
    "create role mine",
    "create role mine superuser",
    "create extension dblink",
    "create database mine",
    "alter role current_user superuser",
    "alter role current_user bypassrls",
    "alter role current_user login",
    "alter system set log_statement = 'all'",
    "alter function auth.uid() stable",
    "drop schema auth cascade",
    "grant service to authenticated",
    "set session_replication_role = replica",
    "select * from pg_authid",
    "select * from pg_shadow",
    "select pg_read_file('/etc/passwd')",
    "select pg_ls_dir('.')",
    "select lo_import('/etc/passwd')",
    "select pg_reload_conf()",
    "copy (select 1) to program 'true'",
    "copy (select 1) to '/tmp/mine'",
    "create subscription mine connection '' publication mine",
    "create publication mine for all tables",
)
"""Statements that none of the roles may execute."""


class Table(NamedTuple):
    """A table or view of the schemas ``public`` and ``private``."""

    name: str
    """The name with its schema."""
    columns: list[str]


def tables(system: LocalSystem) -> list[Table]:
    """Return every table and view of our schemas."""
    rows = system.rows(
        "select format('%%I.%%I', nspname, relname) as name,"
        " array_agg(attname::text order by attnum) as columns"
        " from pg_class join pg_namespace on pg_namespace.oid = relnamespace"
        " join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped"
        " where nspname in ('public', 'private', 'auth') and relkind in ('r', 'p', 'v', 'm')"
        " and relname !~ %s group by nspname, relname order by 1",
        MIGRATION_TOOLS,
    )
    return [Table(row["name"], row["columns"]) for row in rows]


def statements(role: Role, table: Table) -> Iterator[str]:
    """Yield the statements that the role must not execute on the table."""
    may = _privileges(role, table)
    yield from (text.format(table=table.name) for text in _ON_TABLES)
    if "DELETE" not in may:
        yield f"delete from {table.name}"
    if "SELECT" not in may:
        yield f"select from {table.name}"
        yield f"select count(*) from {table.name}"
    for column in table.columns:
        for privilege, text in (
            ("SELECT", 'select "{column}" from {table}'),
            ("INSERT", 'insert into {table} ("{column}") values (default)'),
            ("UPDATE", 'update {table} set "{column}" = default'),
        ):
            if column not in may.get(privilege, set()):
                yield text.format(table=table.name, column=column)


def _privileges(role: Role, table: Table) -> dict[str, set[str]]:
    """Return the columns of each privilege, by the privilege's name."""
    schema, _, name = table.name.partition(".")
    granted = _MAY[role].get(name, "") if role in _MAY else _APPEND_ONLY.get(name, _SERVICE_MAY)
    may: dict[str, set[str]] = {}
    for grant in granted.split() if schema == "public" else ():
        privilege, _, columns = grant.rstrip(")").partition("(")
        may[privilege] = set(columns.split(",")) if columns else set(table.columns)
    return may
