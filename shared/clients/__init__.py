"""Clients of other services, and the guarded way to addresses that users name."""
