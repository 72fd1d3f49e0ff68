"""Encode and verify images and videos."""
