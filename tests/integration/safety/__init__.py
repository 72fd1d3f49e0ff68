"""Content safety and provenance."""
