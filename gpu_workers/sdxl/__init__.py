"""SDXL worker: pictures from text and from reference pictures."""
