"""job-events endpoint."""
