"""Regular expressions of the product: where they are, and whether each takes linear time."""
