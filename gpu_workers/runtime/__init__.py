"""What every worker shares: its HTTP server, the claim, the heartbeat and the upload."""
