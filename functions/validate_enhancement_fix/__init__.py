"""Enhancements, judged."""
