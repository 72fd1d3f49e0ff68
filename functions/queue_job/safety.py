"""What is refused at the prompt.

Refused in every mode, for every caller: sexual content with minors, and sexual content of real
people. Two contexts that are harmless alone are refused together. `nsfw` is refused altogether, for
no output classifier is configured: a gate that checks nothing is no gate.
"""

import re
import unicodedata

from shared.contracts.jobs import QueueJobRequest
from shared.errors import ContentRefusedError

_LEET = str.maketrans("013457@$!|", "oieastasil")
_LOOK_ALIKES = str.maketrans("аеорсухіѕԁһӏαοερν", "aeopcyxisdhlaoepv")

_SEXUAL = re.compile(
    r"\b(?:"
    r"nsfw|porn\w*|hentai|sex|sexy|sexual\w*|sexuali[sz]ed|erotic\w*|nude|nudes|nudity|naked|"
    r"topless|bottomless|undress\w*|unclothed|disrobed|lingerie|aroused|orgasm\w*|fetish\w*|"
    r"intercourse|genital\w*|masturbat\w*|seductive\w*|explicit|xxx|lewd"
    r")\b"
)
_MINOR = re.compile(
    r"\b(?:"
    r"child|children|childlike|kid|kids|minor|minors|underage\w*|preteen\w*|teen|teens|teenage\w*|"
    r"adolescent\w*|toddler\w*|infant\w*|baby|babies|juvenile\w*|pubescent|prepubescent|"
    r"schoolgirl\w*|schoolboy\w*|school girl|school boy|little girl\w*|little boy\w*|"
    r"young girl\w*|young boy\w*|loli\w*|shota\w*|jailbait|"
    r"(?:[1-9]|1[0-7])[ -]*(?:years?[ -]*old|yo|y o)|"
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|"
    r"fifteen|sixteen|seventeen)[ -]*years?[ -]*old"
    r")\b"
)
_REAL_PERSON = re.compile(
    r"\b(?:"
    r"deep ?fake\w*|face ?swap\w*|celebrit\w*|real person|real people|politician|president|"
    r"actress|actor|singer|influencer|my (?:ex|wife|husband|girlfriend|boyfriend|neighbou?r|"
    r"boss|teacher|colleague|coworker|classmate|friend|sister|brother|mother|daughter|son)"
    r")\b"
)


def check(request: QueueJobRequest) -> None:
    """Refuse what may not be asked for.

    Raises:
        ContentRefusedError: with the category, and never with the prompt.
    """
    metadata = request.metadata
    texts = [metadata.prompt or "", metadata.enhanced_prompt or ""]
    category = next((found for text in texts if (found := refused_category(text))), None)
    if category is None and metadata.content_type == "nsfw":
        category = "nsfw"
    if category:
        raise ContentRefusedError(
            f"This content is refused: {category}.",
            details=[{"field": "metadata", "message": category, "type": "content_refused"}],
        )


def refused_category(prompt: str) -> str | None:
    """The category under which a prompt is refused in every mode; None where it is not."""
    for text in _readings(prompt):
        if not _SEXUAL.search(text):
            continue
        if _MINOR.search(text):
            return "sexual_minors"
        if _REAL_PERSON.search(text):
            return "sexual_real_person"
    return None


def _readings(prompt: str) -> set[str]:
    """The prompt as a person would read it, however it was disguised."""
    plain = unicodedata.normalize("NFKD", prompt).casefold().translate(_LOOK_ALIKES)
    plain = "".join(one for one in plain if not unicodedata.category(one).startswith(("M", "Cf")))
    leet = re.sub(r"(?<=\w)[013457@$!|]|[013457@$!|](?=[a-z])", _letter, plain)
    return {form for text in (plain, leet) for form in (_spaced(text), _joined(text))}


def _letter(match: re.Match[str]) -> str:
    return match.group().translate(_LEET)


def _spaced(text: str) -> str:
    """Every run of what is no letter or digit, read as one space."""
    return re.sub(r"[\W_]+", " ", text)


def _joined(text: str) -> str:
    """Letters that stand one by one, such as ``n u d e`` or ``n.u.d.e``, read as one word."""
    return re.sub(
        r"(?<!\w)(?:\w ){2,}\w(?!\w)", lambda run: run.group().replace(" ", ""), _spaced(text)
    )
