"""Other task queues and model servers, measured with the same client on the same machine."""
