"""The SDXL pipeline, over tiny random models."""
