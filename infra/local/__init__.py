"""Local system: all services on one machine."""
