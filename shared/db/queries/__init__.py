"""All SQL of the functions, by what it is about."""
