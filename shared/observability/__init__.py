"""Logs and traces of the functions."""
