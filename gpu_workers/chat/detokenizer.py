"""Incremental detokenisation and stop sequences."""

from collections.abc import Callable, Sequence

_UNFINISHED = "\ufffd"
"""What a decoder writes for bytes that are not, or not yet, a complete character."""


class Detokenizer:
    """Decodes tokens one by one; a character spread over several tokens is returned complete.

    Args:
        decode: returns the text of a sequence of tokens.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._before: list[int] = []
        """Tokens returned before. Some tokenizers write a space only between two words."""
        self._pending: list[int] = []
        self._returned = 0
        """Characters of the pending tokens that were returned."""

    def push(self, token: int) -> str:
        """Add a token and return the new text; an unfinished last character is held back."""
        self._pending.append(token)
        text = self._decode(self._before + self._pending)[len(self._decode(self._before)) :]
        complete = text.removesuffix(_UNFINISHED)
        new = complete[self._returned :]
        self._returned = len(complete)
        if complete == text:
            self._before, self._pending, self._returned = self._pending, [], 0
        return new


class StopTexts:
    """Ends a text before the first complete stop text; no part of a stop text is returned.

    Args:
        stops: the stop texts.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._longest_start = max(map(len, stops), default=1) - 1
        self._held = ""
        self.found = False

    def push(self, text: str) -> str:
        """Add text and return what can no longer become part of a stop text."""
        if self.found:
            return ""
        self._held += text
        # The stop text that ends first, so that the result does not depend on the pieces.
        ends = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if ends:
            self.found = True
            return self._release(min(ends)[1])
        return self._release(len(self._held) - self._partial_stop_length())

    def rest(self) -> str:
        """Return the text that was held back, at the end of the reply."""
        return "" if self.found else self._release(len(self._held))

    def _release(self, until: int) -> str:
        text, self._held = self._held[:until], self._held[until:]
        return text

    def _partial_stop_length(self) -> int:
        """Return the number of characters at the end that begin a stop text."""
        for count in range(min(self._longest_start, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-count:]) for stop in self._stops):
                return count
        return 0
