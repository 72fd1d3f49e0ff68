"""Train the demo image model."""
