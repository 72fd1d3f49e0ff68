"""A text as a person would read it, however it was disguised."""

import re
import unicodedata
from collections.abc import Iterator

from shared.contracts.text import normalize

_LEETSPEAK = str.maketrans("013457@$!|", "oieastasii")

_HOMOGLYPHS = str.maketrans(
    "аеорсухіѕԁһӏкмтнвпјԛԝαοερνυκιτηχβıɪɴʟᴀʙᴄᴅᴇɢʜᴊᴋᴍᴏᴘʀꜱᴛᴜᴠᴡʏɡɑøđħł",
    "aeopcyxisdhlkmthbnjqwaoepvukitnxbiinlabcdeghjkmoprstuvwygaodhl",
    "\u115f\u1160",  # letters that nobody sees
)

_INVISIBLE = frozenset({"Mn", "Mc", "Me", "Cf"})
"""Categories of characters: marks on others, and what has no form of its own."""

_TAG = re.compile(r"<[^<>]*>")
_WEIGHTED = re.compile(r"\(([^()]*):[\d.]+\)")
"""What a picture's worker takes out of a prompt: LoRAs' tags, and weights around words."""

_STRETCHED = re.compile(r"([^\W\d])\1{2,}")
_LETTER_BY_LETTER = re.compile(r"(?<!\w)\w(?: \w){2,}(?!\w)")

_LONGEST_PIECE = 4
_MAX_PIECES = 4


def normalized_variants(text: str) -> set[str]:
    """Each way to read it: words of small letters and digits, folded, with spaces between."""
    plain = normalize("NFKD", text).casefold().translate(_HOMOGLYPHS)
    if not plain.isascii():
        plain = "".join(one for one in plain if unicodedata.category(one) not in _INVISIBLE)
    forms = {plain, _as_a_worker_reads(plain)}
    forms |= set(map(_spelled, forms))
    if any(map(_STRETCHED.search, forms)):
        forms |= {_STRETCHED.sub(one, form) for form in forms for one in (r"\1", r"\1\1")}
    return {fold(_spaced(form)) for form in forms}


def fold(text: str) -> str:
    """An l as an i: a ``1`` stands for either, and so does a capital I. No word of ours differs."""
    return text.replace("l", "i")


def join_spaced_letters(reading: str) -> list[str]:
    """Letters that stand one by one, such as ``n u d e`` or ``n.u.d.e``, read as one word."""
    return [run.replace(" ", "") for run in _LETTER_BY_LETTER.findall(reading)]


def join_split_words(reading: str, ordinary: frozenset[str]) -> str:
    """The words that short words beside each other could be pieces of, a line each."""
    runs = _runs([_piece(word) for word in reading.split()])
    return "\n".join("".join(some) for some in runs if not ordinary.issuperset(some))


def _runs(words: list[str]) -> Iterator[list[str]]:
    for first, word in enumerate(words):
        for last in range(first + 1, min(first + _MAX_PIECES, len(words))):
            if not (word and words[last]):
                break
            yield words[first : last + 1]


def _piece(word: str) -> str:
    """A word that may be a piece of one of the rules', which are of plain letters; else nothing."""
    return word if len(word) <= _LONGEST_PIECE and word.isascii() else ""


def _as_a_worker_reads(text: str) -> str:
    return _WEIGHTED.sub(r"\1", _TAG.sub("", text))


def _spelled(text: str) -> str:
    """Leetspeak as letters: where it touches letters, so that ages stay numbers."""
    return re.sub(
        r"(?<=\w)[013457@$!|]|[013457@$!|](?=[a-z])",
        lambda one: one.group().translate(_LEETSPEAK),
        text,
    )


def _spaced(text: str) -> str:
    """Every run of what is no letter or digit, read as one space."""
    return re.sub(r"[\W_]+", " ", text).strip()
