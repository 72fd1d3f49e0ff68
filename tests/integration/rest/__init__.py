"""rest, door by door: over tables of its own, which come and go with these tests."""
