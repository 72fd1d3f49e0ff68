"""update-worker-url endpoint."""
