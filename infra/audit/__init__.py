"""What is known against the packages that are locked."""
