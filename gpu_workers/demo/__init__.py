"""Demo worker: one process that serves every demo model, for a machine without a GPU."""
