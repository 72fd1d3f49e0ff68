"""Parse and bound a PostgREST request."""
