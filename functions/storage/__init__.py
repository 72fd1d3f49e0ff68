"""storage endpoint."""
