"""What the README promises, as a person would try it."""
