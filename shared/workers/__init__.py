"""Register workers and validate their URLs."""
