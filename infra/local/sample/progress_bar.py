"""A progress bar on standard error."""

import sys
from typing import TextIO

_WIDTH = 30


class ProgressBar:
    """Redrawn in place on a terminal; elsewhere a line for each tenth, so that logs stay short."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._redraws = self._stream.isatty()
        self._last = ""
        self._tenth = -1

    def draw(self, share: float, words: str) -> None:
        """Show how much is done, from 0 to 1, and what is being done."""
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
        """Leave the last state standing."""
        if self._redraws and self._last:
            self._stream.write("\n")
            self._stream.flush()
