"""Files, by signed address."""
