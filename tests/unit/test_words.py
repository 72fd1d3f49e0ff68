"""Names, messages and pages use the field's standard words.

CONTRIBUTING.md lists the standard words. The words below stood for them once, and a reader who
searches for the standard word would not find them.
"""

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

STANDARD_WORDS = {
    "anew": "again",
    "door": "endpoint",
    "keeper": "authenticator",
    "lapse": "expire",
    "letter": "message, callback, request",
    "mailbox": "client",
    "nobody": "no user",
    "parcel": "upload",
    "seal": "signature",
    "stranger": "another user",
    "teller": "formatter",
    "told": "sent, returned, reported",
    "whereabouts": "position",
    "whoever": "the user, the caller",
}
"""The standard word for each word that may not come back, in any text or name."""

STANDARD_NAMES = {
    "asked": "request",
    "patience": "timeout",
    "sentence": "message",
    "somebody": "user",
}
"""The standard word for each word that may not come back in a name of Python."""

EXCEPTIONS = {
    # the alphabet
    "functions/rest/request/select_parser.py": ["letter or digit"],
    "shared/safety/normalizer.py": ["join_spaced_letters"],
    "shared/safety/classifier.py": ["join_spaced_letters"],
    "infra/local/tasks_emulator/resource_names.py": ["can contain only letters"],
    "tests/security/test_text_bounds.py": ["arabic letter mark"],
    "docs/guides/content-safety.md": ["leetspeak replaced by letters", "look like Latin letters"],
    # what prompts, templates and other models' cards are about
    "shared/prompts/rules/vocabulary.py": ["mice otter seal whale", "time_lapse"],
    "tests/unit/test_enhancement_checks.py": ["time-lapse"],
    "tests/unit/test_enhancement_prompts.py": ["time-lapse"],
    "infra/database/migrations/0013.prompt-templates.sql": [
        "Whoever is or may be under 18",
        "give nobody feelings",
        "Nobody is a",
        "Or nobody at all",
        "stay as they were told",
        "story told in turns",
        "a sealed letter",
        "Whose seal is that",
        "the bar of the door",
        "a frosted door",
        "the letter up to the light",
    ],
}
"""Phrases of a file that mean the words literally."""

_FOLDERS = ("functions", "shared", "gpu_workers", "infra", "tests", "docs", ".github")
_SUFFIXES = {".py", ".sql", ".md", ".yaml", ".toml", ".tf", ".hcl", ".mjs", ".sh", ".html", ""}
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


def _files() -> Iterator[Path]:
    yield from ROOT.glob("*.md")
    yield ROOT / "Makefile"
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            is_ours = not {"node_modules", "__pycache__", ".terraform"} & set(path.parts)
            if is_ours and path.is_file() and path.suffix in _SUFFIXES and path != Path(__file__):
                yield path


def _words(text: str) -> Iterator[str]:
    """Each word of a text in lower case and without a plural ending; names are split."""
    for word in _WORD.findall(text):
        lower = word.lower()
        yield lower
        for ending in ("s", "d", "ed"):
            yield lower.removesuffix(ending)


def _names(source: str) -> Iterator[str]:
    """The names that a Python file defines."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name
            case ast.arg():
                yield node.arg
            case ast.Name(ctx=ast.Store()):
                yield node.id
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr
            case _:
                pass


def _without_exceptions(path: str, text: str) -> str:
    for phrase in EXCEPTIONS.get(path, []):
        text = text.replace(phrase, "")
    return text


def nonstandard_words(path: str, text: str) -> set[str]:
    """The words of a file that have a standard word."""
    words = STANDARD_WORDS.keys() & set(_words(_without_exceptions(path, text)))
    if path.endswith(".py"):
        names = _without_exceptions(path, "\n".join(_names(text)))
        words |= STANDARD_NAMES.keys() & set(_words(names))
    return words


def test_every_file_uses_the_standard_words() -> None:
    found: Counter[str] = Counter()
    for path in _files():
        name = path.relative_to(ROOT).as_posix()
        for word in nonstandard_words(name, path.read_text()):
            standard = {**STANDARD_WORDS, **STANDARD_NAMES}[word]
            found[f'{name}: "{word}" (standard: {standard})'] += 1
    assert not found, "\n".join(sorted(found))


def test_every_exception_is_needed() -> None:
    unused = [
        f"{path}: {phrase}"
        for path, phrases in EXCEPTIONS.items()
        for phrase in phrases
        if phrase not in (ROOT / path).read_text()
    ]
    assert not unused


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("def tell_nobody(): ...", "nobody"),
        ("TOLD_ONCE = 1", "told"),
        ("class BadSeal(Exception): ...", "seal"),
        ('raise ValueError("The lease has lapsed.")', "lapse"),
        ('"""Open the letters."""', "letter"),
        ("# drawn anew", "anew"),
        ("def read(asked: str) -> str: ...", "asked"),
    ],
)
def test_a_word_is_found_in_names_messages_and_comments(text: str, word: str) -> None:
    assert nonstandard_words("shared/example.py", text) == {word}


def test_other_words_are_left_alone() -> None:
    text = 'def sealant(): "elapsed; the user asked for it in a sentence"'
    assert nonstandard_words("shared/example.py", text) == set()
