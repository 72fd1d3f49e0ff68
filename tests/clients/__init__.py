"""Real clients, unmodified, against the running system."""
