"""The real client libraries, unmodified, against the running system."""
