"""Pure rules, no server."""
