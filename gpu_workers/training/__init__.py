"""Training of the demo models. No worker imports it."""
