"""The database: its migrations, in plain SQL."""
