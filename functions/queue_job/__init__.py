"""queue-job endpoint."""
