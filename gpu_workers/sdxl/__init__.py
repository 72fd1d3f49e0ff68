"""The SDXL worker: text to image."""
