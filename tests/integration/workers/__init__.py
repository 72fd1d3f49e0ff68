"""Registration and health of workers."""
