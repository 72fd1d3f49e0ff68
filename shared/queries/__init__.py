"""Every SQL statement of the functions, in small typed functions: verbs read with their module."""
