"""Terminal progress bar on standard error."""

import sys
from typing import TextIO

_WIDTH = 30


class ProgressBar:
    """Redraws in place on a terminal; elsewhere it prints a line per 10 %, for short logs."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._redraws = self._stream.isatty()
        self._last = ""
        self._tenth = -1

    def draw(self, share: float, words: str) -> None:
        """Show the progress, 0 to 1, and a description."""
        share = min(max(share, 0.0), 1.0)
        full = round(share * _WIDTH)
        line = f"[{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%}  {words}"
        if line == self._last:
            return
        if self._redraws:
            self._stream.write("\r" + line.ljust(len(self._last)))
            self._last = line
        elif int(share * 10) > self._tenth:
            self._stream.write(line + "\n")
            self._tenth = int(share * 10)
        self._stream.flush()

    def end(self) -> None:
        """End the line; the last state stays visible."""
        if self._redraws and self._last:
            self._stream.write("\n")
            self._stream.flush()
