"""Unit tests: rules that need no server."""
