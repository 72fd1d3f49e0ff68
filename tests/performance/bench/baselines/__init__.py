"""Baselines of the rows: the smallest programs that do comparable work."""
