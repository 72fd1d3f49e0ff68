"""Tests of what the README promises, run as a user would run it."""
