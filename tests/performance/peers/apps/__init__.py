"""The smallest program for each peer, run in its own environment: a job that does nothing."""
