"""Composition of SQL from a parsed request."""
