"""rest endpoint."""
