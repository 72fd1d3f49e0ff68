"""Sign-in, keys and rate limits."""
