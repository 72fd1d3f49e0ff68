"""Where a worker can be reached."""
