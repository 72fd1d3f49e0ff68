"""Register workers and check their addresses."""
