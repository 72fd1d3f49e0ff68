"""Security tests: each threat has a module, run against the complete local system."""
