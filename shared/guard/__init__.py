"""The guard: which addresses of strangers may be reached, and the one way out to them."""
