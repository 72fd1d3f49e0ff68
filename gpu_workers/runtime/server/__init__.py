"""The worker's process and HTTP API."""
