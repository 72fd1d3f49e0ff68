"""validate-enhancement-fix endpoint."""
