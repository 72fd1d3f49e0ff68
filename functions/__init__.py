"""HTTP and WebSocket endpoints, one folder each."""
