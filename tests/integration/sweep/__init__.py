"""Periodic maintenance."""
