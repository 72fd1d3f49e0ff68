"""Environment, keys and tokens of the local system."""
