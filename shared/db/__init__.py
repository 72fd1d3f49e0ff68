"""Postgres: connection pool, LISTEN/NOTIFY and all SQL statements."""
