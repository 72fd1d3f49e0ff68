"""The worker that answers at once, for measuring what surrounds a model."""
