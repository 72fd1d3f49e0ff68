"""The embedded Postgres and its setup."""
