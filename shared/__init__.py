"""Code shared by all functions: HTTP layer, jobs, storage, database, clients and contracts."""
