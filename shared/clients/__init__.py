"""Clients of other services, and SSRF-safe fetching of untrusted URLs."""
