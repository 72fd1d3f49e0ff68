"""generate-admin-image endpoint."""
