"""One process that serves every model there is, for a machine without a GPU."""
