"""Threats, each with a test of its own, over the real stack."""
