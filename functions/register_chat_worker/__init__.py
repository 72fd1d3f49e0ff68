"""register-chat-worker endpoint."""
