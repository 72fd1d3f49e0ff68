"""Postgres: the pool, LISTEN, and all statements."""
