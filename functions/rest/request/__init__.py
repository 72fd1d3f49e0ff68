"""Parsing and limits of a PostgREST request."""
