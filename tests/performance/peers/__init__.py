"""Other people's queues and model servers, measured by the same client on the same machine."""
