"""Performance measurements. These are not tests; the figures go to docs/performance.md."""
