"""Logs and traces of the functions and of the workers."""
