"""What is refused at the prompt.

Refused in every mode, for every caller: sexual content with minors, and sexual content of real
people. Two contexts that are harmless alone are refused together. `nsfw` is refused altogether, for
no output classifier is configured: a gate that checks nothing is no gate.
"""

import re
import unicodedata
from typing import NamedTuple

from shared.contracts.letters import ContentMode
from shared.errors import ContentRefusedError

_LEETSPEAK = [
    str.maketrans("013457@$!|", "oieastasii"),
    str.maketrans("013457@$!|", "oleastasll"),
]
"""Each a way to read it: a ``1`` stands for an i as well as for an l."""

_LOOK_ALIKES = str.maketrans(
    "аеорсухіѕԁһӏкмтнвпјԛԝαοερνυκιτηχβıɪɴʟᴀʙᴄᴅᴇɢʜᴊᴋᴍᴏᴘʀꜱᴛᴜᴠᴡʏɡɑøđħł",
    "aeopcyxisdhlkmthbnjqwaoepvukitnxbiinlabcdeghjkmoprstuvwygaodhl",
    "\u115f\u1160",  # letters that nobody sees
)


class _Context(NamedTuple):
    """What a prompt can speak of."""

    words: re.Pattern[str]
    anywhere: re.Pattern[str]
    """Inside of a word too, for letters that stand one by one have lost their word's ends."""


def _context(words: str) -> _Context:
    return _Context(re.compile(rf"\b(?:{words})\b"), re.compile(words))


_SEXUAL_WORDS = (
    r"nsfw|porn\w*|hentai|sex|sexy|sexual\w*|sexuali[sz]ed|erotic\w*|nude|nudes|nudity|naked|"
    r"topless|bottomless|undress\w*|unclothed|disrobed|lingerie|aroused|orgasm\w*|fetish\w*|"
    r"intercourse|genital\w*|masturbat\w*|seductive\w*|explicit|xxx|lewd"
)
_MINOR_WORDS = (
    r"child|children|childlike|kid|kids|minor|minors|under ?age\w*|preteen\w*|teen|teens|"
    r"teenage\w*|adolescent\w*|toddler\w*|infant\w*|baby|babies|juvenile\w*|pubescent|prepubescent|"
    r"schoolgirl\w*|schoolboy\w*|school girl|school boy|little girl\w*|little boy\w*|"
    r"young girl\w*|young boy\w*|loli\w*|shota\w*|jailbait|"
    r"(?:[1-9]|1[0-7]) ?(?:(?:years?|yrs?) ?old|yo|y o)|aged? (?:[1-9]|1[0-7])|"
    r"under (?:18|eighteen)|"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    r"fifteen|sixteen|seventeen) ?(?:years?|yrs?) ?old"
)
_SEXUAL = _context(_SEXUAL_WORDS)
_MINOR = _context(_MINOR_WORDS)
_REAL_PERSON = _context(
    r"deep ?fake\w*|face ?swap\w*|celebrit\w*|real person|real people|politician|president|"
    r"actress|actor|singer|influencer|my (?:ex|wife|husband|girlfriend|boyfriend|neighbou?r|"
    r"boss|teacher|colleague|coworker|classmate|friend|sister|brother|mother|daughter|son)"
)
_RUN_TOGETHER = re.compile(
    rf"\b(?:(?:{_SEXUAL_WORDS})(?:{_MINOR_WORDS})|(?:{_MINOR_WORDS})(?:{_SEXUAL_WORDS}))\b"
)
_LETTER_BY_LETTER = re.compile(r"(?<!\w)(?:\w ){2,}\w(?!\w)")


def check(*prompts: str | None, field: str, mode: ContentMode = "sfw") -> None:
    """Refuse what may not be asked for, by ``field`` of the request.

    Raises:
        ContentRefusedError: with the category, and never with the prompt.
    """
    category = next((found for text in prompts if (found := refused_category(text or ""))), None)
    if category is None and mode == "nsfw":
        category = "nsfw"
    if category:
        raise ContentRefusedError(
            f"This content is refused: {category}.",
            details=[{"field": field, "message": category, "type": "content_refused"}],
        )


def refused_category(prompt: str) -> str | None:
    """The category under which a prompt is refused in every mode; None where it is not."""
    readings = _readings(prompt)
    if any(_RUN_TOGETHER.search(text) for text in readings):
        return "sexual_minors"
    if not _speaks_of(_SEXUAL, readings):
        return None
    if _speaks_of(_MINOR, readings):
        return "sexual_minors"
    return "sexual_real_person" if _speaks_of(_REAL_PERSON, readings) else None


def _speaks_of(context: _Context, readings: set[str]) -> bool:
    """Whether any reading does: each half of a prompt may be disguised in its own way."""
    return any(
        context.words.search(text) or any(map(context.anywhere.search, _joined(text)))
        for text in readings
    )


def _readings(prompt: str) -> set[str]:
    """The prompt as a person would read it, however it was disguised."""
    plain = unicodedata.normalize("NFKD", prompt).casefold().translate(_LOOK_ALIKES)
    plain = "".join(one for one in plain if not unicodedata.category(one).startswith(("M", "Cf")))
    return {_spaced(text) for text in (plain, *(_spelled(plain, one) for one in _LEETSPEAK))}


def _spelled(text: str, leetspeak: dict[int, int]) -> str:
    """Leetspeak as letters: where it touches letters, so that ages stay numbers."""
    return re.sub(
        r"(?<=\w)[013457@$!|]|[013457@$!|](?=[a-z])",
        lambda one: one.group().translate(leetspeak),
        text,
    )


def _spaced(text: str) -> str:
    """Every run of what is no letter or digit, read as one space."""
    return re.sub(r"[\W_]+", " ", text)


def _joined(text: str) -> list[str]:
    """Letters that stand one by one, such as ``n u d e`` or ``n.u.d.e``, read as one word."""
    return [run.replace(" ", "") for run in _LETTER_BY_LETTER.findall(text)]
