"""Tables, relationships and functions that a role may see."""
