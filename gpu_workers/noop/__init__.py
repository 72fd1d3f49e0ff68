"""No-op worker that completes jobs at once, to measure the system without a model."""
