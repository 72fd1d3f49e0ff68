"""The sample job of the first start."""
