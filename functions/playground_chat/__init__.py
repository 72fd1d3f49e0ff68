"""playground-chat endpoint."""
