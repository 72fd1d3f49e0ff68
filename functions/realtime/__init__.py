"""realtime endpoint."""
