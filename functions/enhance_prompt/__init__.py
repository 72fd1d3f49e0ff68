"""enhance-prompt endpoint."""
