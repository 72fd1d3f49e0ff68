"""The database's migrations, in plain SQL, and its roles."""
