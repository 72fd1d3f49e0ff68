"""Local system errors."""


class LocalSystemError(RuntimeError):
    """An error that the user at the terminal can fix; its text is shown to them."""
