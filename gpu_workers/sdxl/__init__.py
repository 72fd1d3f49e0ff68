"""The SDXL worker: pictures from text, and from other pictures."""
