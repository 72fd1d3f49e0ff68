"""Processes, ports, logs and the data folder."""
