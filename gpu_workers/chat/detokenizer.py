"""From tokens to the text that a client is told."""

from collections.abc import Callable, Sequence

_UNFINISHED = "\ufffd"
"""What a decoder writes for bytes that are no character, or not yet one."""


class Detokenizer:
    """Text as its tokens come; a character whose bytes are spread over several comes whole."""

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._before: list[int] = []
        """Tokens told before. Some tokenizers write a space only between two words."""
        self._pending: list[int] = []
        self._told = 0
        """Characters of what is pending that were told."""

    def push(self, token: int) -> str:
        """What can be told with one more token. Only the last character may be unfinished."""
        self._pending.append(token)
        text = self._decode(self._before + self._pending)[len(self._decode(self._before)) :]
        whole = text.removesuffix(_UNFINISHED)
        new = whole[self._told :]
        self._told = len(whole)
        if whole == text:
            self._before, self._pending, self._told = self._pending, [], 0
        return new


class StopTexts:
    """Ends the text before the first stop text that is complete; none is told, not in part."""

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stops)
        self._longest_start = max(map(len, stops), default=1) - 1
        self._held = ""
        self.found = False

    def push(self, text: str) -> str:
        """What can be told: all that can no longer become part of a stop text."""
        if self.found:
            return ""
        self._held += text
        # The one that ends first, so that it does not matter how the text was cut into pieces.
        ends = [(at + len(stop), at) for stop in self._stops if (at := self._held.find(stop)) >= 0]
        if ends:
            self.found = True
            return self._told(min(ends)[1])
        return self._told(len(self._held) - self._started())

    def rest(self) -> str:
        """What was held back and, since nothing follows, is no stop text."""
        return "" if self.found else self._told(len(self._held))

    def _told(self, until: int) -> str:
        text, self._held = self._held[:until], self._held[until:]
        return text

    def _started(self) -> int:
        """Characters at the end that begin a stop text."""
        for count in range(min(self._longest_start, len(self._held)), 0, -1):
            if any(stop.startswith(self._held[-count:]) for stop in self._stops):
                return count
        return 0
