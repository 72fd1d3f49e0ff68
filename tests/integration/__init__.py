"""One function or part at a time, over the real stack."""
