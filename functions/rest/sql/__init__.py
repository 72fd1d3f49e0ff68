"""Compose SQL for a request."""
