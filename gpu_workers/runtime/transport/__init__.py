"""Signed requests to the functions, and transfers by signed URL."""
