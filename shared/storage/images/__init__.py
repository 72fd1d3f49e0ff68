"""Decode and re-encode images that users send."""
