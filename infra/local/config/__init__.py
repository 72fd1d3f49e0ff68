"""Environment variables, keys and tokens of the local system."""
