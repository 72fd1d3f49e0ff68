"""The safety rules over a conversation: two contexts are refused together, however far apart.

A long text is not read anew for each of its words. What it has spoken of so far is kept by the
contexts' names, and what comes next is read beside that.
"""

from shared import safety

_READ_AT_ONCE = 400
_OVERLAP = 200
"""Characters; no phrase of the rules is longer."""


class Watch:
    """Reads a text as it comes, after what was said before it.

    Across messages only those rules count that say so, such as that of sexual content with minors:
    a conversation names real people and speaks of sex without either meaning the other.
    """

    def __init__(self, before: str) -> None:
        self._contexts = safety.contexts(before)
        self._unread = ""

    def check(self, text: str) -> str | None:
        """The category under which it is refused, after what came before; None if it is not."""
        self._unread += text
        classification = safety.classify(self._unread)
        category = classification.category or safety.refused_in_conversation(
            self._contexts, classification.contexts
        )
        if len(self._unread) > _READ_AT_ONCE:
            self._contexts |= classification.contexts
            self._unread = _end(self._unread)
        return category


def _end(text: str) -> str:
    """The last of it, from a word's beginning on: half of one may be another word."""
    end = text[-_OVERLAP:]
    _, space, words = end.partition(" ")
    return words if space else end
