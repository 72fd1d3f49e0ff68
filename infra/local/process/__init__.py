"""Processes, ports, logs and the data directory."""
