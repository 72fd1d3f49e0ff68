"""Reference images."""
