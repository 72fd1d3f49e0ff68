"""sweep-jobs endpoint."""
