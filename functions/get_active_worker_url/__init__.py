"""get-active-worker-url endpoint."""
