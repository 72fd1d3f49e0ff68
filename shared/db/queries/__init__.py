"""All SQL of the functions, one module per table or aggregate."""
