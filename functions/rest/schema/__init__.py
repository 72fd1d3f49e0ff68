"""Schema that a role may see: tables, relationships and functions."""
