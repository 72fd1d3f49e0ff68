"""What can keep the local system from running."""


class LocalSystemError(RuntimeError):
    """Something that a person at the terminal can act on; the text says what it is."""
