"""The local API gateway."""
