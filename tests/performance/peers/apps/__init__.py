"""The least program of each peer, run in an environment of its own: a job that does nothing."""
