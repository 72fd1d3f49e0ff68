"""Model files: cache and integrity."""
