"""The time as the functions have it."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime


class Clock:
    """This machine's clock, corrected by a ``Date`` header where a seal was refused."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        """Unix seconds."""
        return self._source() + self._offset

    def correct(self, date: str | None) -> bool:
        """Take the time of an answer's ``Date`` header. False where it cannot be read."""
        try:
            server_time = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return False
        # The header drops the fraction of a second, half a one on average.
        self._offset = server_time + 0.5 - self._source()
        return True
