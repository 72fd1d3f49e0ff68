"""What the rows are held against: the least that does a comparable thing."""
