"""Clock corrected by the Date headers of the functions."""

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime


class Clock:
    """This machine's clock, corrected by a ``Date`` header after a rejected signature."""

    def __init__(self, source: Callable[[], float] = time.time) -> None:
        self._source = source
        self._offset = 0.0

    def now(self) -> float:
        """Return the corrected time in Unix seconds."""
        return self._source() + self._offset

    def correct(self, date: str | None) -> bool:
        """Set the time from a response's ``Date`` header. Return False if it cannot be parsed."""
        try:
            server_time = parsedate_to_datetime(date or "").timestamp()
        except ValueError:
            return False
        # The header drops the fraction of a second, half a one on average.
        self._offset = server_time + 0.5 - self._source()
        return True
