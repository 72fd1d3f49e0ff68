"""Changes and progress, as server-sent events."""
