"""Normalise obfuscated text: leetspeak, homoglyphs, invisible characters and spacing."""

import re
import unicodedata
from collections.abc import Iterator

from shared.contracts.text import normalize

_LEETSPEAK = str.maketrans("013457@$!|", "oieastasii")

_HOMOGLYPHS = str.maketrans(
    "аеорсухіѕԁһӏкмтнвпјԛԝαοερνυκιτηχβıɪɴʟᴀʙᴄᴅᴇɢʜᴊᴋᴍᴏᴘʀꜱᴛᴜᴠᴡʏɡɑøđħł",
    "aeopcyxisdhlkmthbnjqwaoepvukitnxbiinlabcdeghjkmoprstuvwygaodhl",
    "\u115f\u1160",  # invisible characters
)

_INVISIBLE = frozenset({"Mn", "Mc", "Me", "Cf"})
"""Unicode categories: combining marks and format characters."""

_TAG = re.compile(r"<[^<>]*>")
_WEIGHTED = re.compile(r"\(([^()]*):[\d.]+\)")
"""Prompt syntax that image workers remove: LoRA tags, and weights around words."""

_STRETCHED = re.compile(r"([^\W\d])\1{2,}")
_SPACED_CHARACTERS = re.compile(r"(?<!\w)\w(?: \w){2,}(?!\w)")

_LONGEST_PIECE = 4
_MAX_PIECES = 4


def normalized_variants(text: str) -> set[str]:
    """Return all readings of a text: folded words of lowercase characters, joined by spaces."""
    plain = normalize("NFKD", text).casefold().translate(_HOMOGLYPHS)
    if not plain.isascii():
        plain = "".join(
            character for character in plain if unicodedata.category(character) not in _INVISIBLE
        )
    forms = {plain, _without_prompt_syntax(plain)}
    forms |= set(map(_spelled, forms))
    if any(map(_STRETCHED.search, forms)):
        forms |= {_STRETCHED.sub(run, form) for form in forms for run in (r"\1", r"\1\1")}
    return {fold(_spaced(form)) for form in forms}


def fold(text: str) -> str:
    """Replace l by i, since ``1`` and a capital I can stand for both. The rules are folded too."""
    return text.replace("l", "i")


def join_spaced_letters(reading: str) -> list[str]:
    """Return each run of single characters, such as ``n u d e`` or ``n.u.d.e``, as one word."""
    return [run.replace(" ", "") for run in _SPACED_CHARACTERS.findall(reading)]


def join_split_words(reading: str, ordinary: frozenset[str]) -> str:
    """Join neighbouring short words, which may be pieces of one word; one candidate per line.

    Runs that consist only of ``ordinary`` words are left out.
    """
    runs = _runs([_piece(word) for word in reading.split()])
    return "\n".join("".join(run) for run in runs if not ordinary.issuperset(run))


def _runs(words: list[str]) -> Iterator[list[str]]:
    for first, word in enumerate(words):
        for last in range(first + 1, min(first + _MAX_PIECES, len(words))):
            if not (word and words[last]):
                break
            yield words[first : last + 1]


def _piece(word: str) -> str:
    """Return a word that may be a piece of an ASCII word of the rules, else an empty string."""
    return word if len(word) <= _LONGEST_PIECE and word.isascii() else ""


def _without_prompt_syntax(text: str) -> str:
    return _WEIGHTED.sub(r"\1", _TAG.sub("", text))


def _spelled(text: str) -> str:
    """Decode leetspeak characters next to a word character, so that ages stay numbers."""
    return re.sub(
        r"(?<=\w)[013457@$!|]|[013457@$!|](?=[a-z])",
        lambda match: match.group().translate(_LEETSPEAK),
        text,
    )


def _spaced(text: str) -> str:
    """Replace each run of non-alphanumeric characters by one space."""
    return re.sub(r"[\W_]+", " ", text).strip()
