"""Incremental safety check of streamed text.

Two contexts can be refused in combination, however far apart they are in a conversation. So that a
long text need not be classified again for each new word, the names of its contexts are kept and
combined with those of the text that follows.
"""

from shared import safety

_MAX_UNREAD = 400
"""Characters that are classified together."""

_OVERLAP = 200
"""Characters that are classified again with the next text; no phrase of the rules is longer."""


class StreamSafetyChecker:
    """Checks a text as it arrives, in the context of the earlier messages.

    Across messages only rules that are marked for it apply, such as the one on sexual content with
    minors: a conversation may mention real people and sex without relating the two.
    """

    def __init__(self, before: str) -> None:
        self._contexts = safety.contexts(before)
        self._unread = ""

    def check(self, text: str) -> str | None:
        """Add text; return the category under which the conversation is refused now, or None."""
        self._unread += text
        classification = safety.classify(self._unread)
        category = classification.category or safety.refused_in_conversation(
            self._contexts, classification.contexts
        )
        if len(self._unread) > _MAX_UNREAD:
            self._contexts |= classification.contexts
            self._unread = _end(self._unread)
        return category


def _end(text: str) -> str:
    """Return the last characters, from a word's beginning on: half a word may be another word."""
    end = text[-_OVERLAP:]
    _, space, words = end.partition(" ")
    return words if space else end
