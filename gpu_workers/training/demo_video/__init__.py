"""Train the demo video model: a small Wan, with data drawn by code."""
