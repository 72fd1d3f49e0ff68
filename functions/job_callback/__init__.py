"""job-callback endpoint."""
