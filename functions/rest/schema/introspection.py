"""Schema introspection queries, limited to what the current role may use."""

from typing import Any

from shared.db.connection import Connection


async def columns(connection: Connection) -> list[dict[str, Any]]:
    """Return each column of public tables and views that the role may read or write, in order."""
    rows = await connection.execute(
        """
        select pg_class.relname as table, attname as name, typname as type,
               types.nspname as type_schema,
               has_column_privilege(pg_class.oid, attnum, 'select') as is_readable,
               coalesce(attnum = any(conkey), false) as in_key
        from pg_attribute
        join pg_class on pg_class.oid = attrelid
        join pg_namespace on pg_namespace.oid = relnamespace
        join pg_type on pg_type.oid = atttypid
        join pg_namespace as types on types.oid = typnamespace
        left join pg_constraint on conrelid = pg_class.oid and contype = 'p'
        where pg_namespace.nspname = 'public' and relkind in ('r', 'p', 'v', 'm')
            and attnum > 0 and not attisdropped
            and has_column_privilege(pg_class.oid, attnum, 'select, insert, update')
        order by pg_class.relname, attnum
        """
    )
    return await rows.fetchall()


async def links(connection: Connection) -> list[dict[str, Any]]:
    """Return each foreign key between public tables."""
    rows = await connection.execute(
        """
        select keys.conname as name, origins.relname as origin, targets.relname as target,
               array(
                   select attname::text from unnest(keys.conkey) with ordinality as of (place, nth)
                   join pg_attribute on attrelid = keys.conrelid and attnum = place order by nth
               ) as columns,
               array(
                   select attname::text from unnest(keys.confkey) with ordinality as of (place, nth)
                   join pg_attribute on attrelid = keys.confrelid and attnum = place order by nth
               ) as target_columns,
               exists (
                   select from pg_constraint as ones
                   where ones.conrelid = keys.conrelid and ones.contype in ('p', 'u')
                       and ones.conkey <@ keys.conkey
               ) as is_unique
        from pg_constraint as keys
        join pg_class as origins on origins.oid = keys.conrelid
        join pg_class as targets on targets.oid = keys.confrelid
        where keys.contype = 'f'
            and origins.relnamespace = 'public'::regnamespace
            and targets.relnamespace = 'public'::regnamespace
        order by origins.relname, keys.conname
        """
    )
    return await rows.fetchall()


async def routines(connection: Connection) -> list[dict[str, Any]]:
    """Return each public function that the role may call and whose arguments all have names."""
    rows = await connection.execute(
        """
        select proname as name, proretset as is_set, provolatile = 'v' as is_volatile,
               pronargdefaults as defaults, result.typname as returns,
               result.typtype = 'c' or proargmodes::text[] && '{o,b,t}' as is_row,
               case when relnamespace = 'public'::regnamespace then relname end as row_table,
               array(
                   select json_build_object('name', attname, 'type', typname, 'schema', nspname)
                   from pg_attribute
                   join pg_type on pg_type.oid = atttypid
                   join pg_namespace on pg_namespace.oid = typnamespace
                   where attrelid = result.typrelid and attnum > 0 and not attisdropped
                   order by attnum
               ) as row_columns,
               array(
                   select json_build_object(
                       'name', name, 'mode', coalesce(mode, 'i'), 'type', typname, 'schema', nspname
                   )
                   from unnest(
                       coalesce(proallargtypes, proargtypes::oid[]), proargnames, proargmodes
                   ) with ordinality as argument (type, name, mode, nth)
                   join pg_type on pg_type.oid = type
                   join pg_namespace on pg_namespace.oid = typnamespace
                   order by nth
               ) as arguments
        from pg_proc
        join pg_type as result on result.oid = prorettype
        left join pg_class on pg_class.oid = result.typrelid
        where pronamespace = 'public'::regnamespace and prokind = 'f' and provariadic = 0
            and result.typname not in ('trigger', 'event_trigger')
            and has_function_privilege(pg_proc.oid, 'execute')
            and (pronargs = 0 or '' <> all (proargnames))
        order by proname
        """
    )
    return await rows.fetchall()


async def constraint_comment(connection: Connection, *, table: str, name: str) -> str | None:
    """Return the comment on a constraint of a public table; None without one."""
    rows = await connection.execute(
        """
        select obj_description(pg_constraint.oid, 'pg_constraint') as comment
        from pg_constraint
        join pg_class on pg_class.oid = conrelid
        join pg_namespace on pg_namespace.oid = relnamespace
        where pg_namespace.nspname = 'public' and relname = %(table)s and conname = %(name)s
        """,
        {"table": table, "name": name},
    )
    row = await rows.fetchone()
    return row["comment"] if row else None
