"""system-metrics endpoint."""
