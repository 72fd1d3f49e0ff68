"""A small Wan for clips: its data drawn by code, its training, and its measuring."""
