"""Measurements. Not tests: nothing fails by being slow; the figures go to docs/reports."""
