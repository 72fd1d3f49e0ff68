"""Assets between workspace and library: save and discard."""
