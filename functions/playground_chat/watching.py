"""The safety rules over a conversation: two contexts are refused together, however far apart.

A long text is not read anew for each of its words. What it has spoken of so far is kept as a word
that stands for it, and what comes next is read beside that.
"""

from shared import safety

_STAND_INS = {"child": "nude", "nude": "child"}
"""For each context a harmless word that speaks of it, and one of the context that it clashes with:
beside that one, a text that speaks of it is refused."""

_READ_AT_ONCE = 400
_OVERLAP = 200
"""Characters; no phrase of the rules is longer."""


class Watch:
    """Reads a text as it comes, after what was said before it.

    Across messages the hardest category alone counts, sexual content with minors: a conversation
    names real people and speaks of sex without either meaning the other.
    """

    def __init__(self, before: str) -> None:
        self._contexts = _contexts(before)
        self._unread = ""

    def refuses(self, text: str) -> str | None:
        """The category under which it is refused, after what came before; None if it is not."""
        self._unread += text
        category = safety.refused_category(self._unread) or self._beside()
        if len(self._unread) > _READ_AT_ONCE:
            self._contexts |= _contexts(self._unread)
            self._unread = _end(self._unread)
        return category

    def _beside(self) -> str | None:
        """The hardest category, where what comes meets it in what came before."""
        if not self._contexts:
            return None
        category = safety.refused_category(" ".join([*self._contexts, self._unread]))
        return category if category == "sexual_minors" else None


def _end(text: str) -> str:
    """The last of it, from a word's beginning on: half of one may be another word."""
    end = text[-_OVERLAP:]
    _, space, words = end.partition(" ")
    return words if space else end


def _contexts(text: str) -> set[str]:
    """The words that stand for what a text speaks of."""
    return {
        word
        for word, other in _STAND_INS.items()
        if safety.refused_category(f"{text}\n{other}") == "sexual_minors"
    }
