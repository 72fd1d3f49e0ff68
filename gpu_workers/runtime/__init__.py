"""Code that all workers use: HTTP server, claims, heartbeats and uploads."""
