"""Signed requests to the functions, and transfer by signed URL."""
