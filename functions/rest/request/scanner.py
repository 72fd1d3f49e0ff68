"""Scanner for the query grammar; a mismatch raises PGRST100."""

import re
from typing import NoReturn

from functions.rest import errors

_NAME = re.compile(r"[\w $]+(?:-(?!>)[\w $]+)*")
_KEY = re.compile(r"[^(\-:.,>)\"]+(?:-(?!>)[^(\-:.,>)]+)*")
_INDEX = re.compile(r"-?\d{1,9}(?=->|::|[.,)]|$)", re.ASCII)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MAX_NESTED = 16


class Scanner:
    """A position in a text that is parsed from left to right.

    Args:
        what: name of the text for error messages.
        text: the text.
    """

    def __init__(self, what: str, text: str) -> None:
        self._what = what
        self._depth = 0
        self.text = text
        self.at = 0

    @property
    def is_done(self) -> bool:
        """Whether the end of the text is reached."""
        return self.at >= len(self.text)

    def spaces(self) -> None:
        """Skip spaces and tabs."""
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1

    def sees(self, mark: str) -> bool:
        """Whether the mark is next."""
        return self.text.startswith(mark, self.at)

    def take(self, mark: str) -> bool:
        """Skip the mark if it is next; returns whether it was."""
        if not self.sees(mark):
            return False
        self.at += len(mark)
        return True

    def expect(self, mark: str) -> None:
        """Skip the mark. Raises PGRST100 if it is not next."""
        if not self.take(mark):
            self.fail(f'"{mark}"')

    def end(self) -> None:
        """Raise PGRST100 unless the end of the text is reached."""
        if not self.is_done:
            self.fail("end of input")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Match a pattern at the current position and skip the match; None without one."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def quoted(self) -> str | None:
        """Parse a text in double quotes, where a backslash escapes the next character."""
        match = self.match(_QUOTED)
        return _ESCAPED.sub(r"\1", match[1]) if match else None

    def name(self) -> str:
        """Parse the name of a column, table or alias."""
        return self._named(_NAME) or self.fail("field name (* or [a..z0..9_$])")

    def key(self) -> str:
        """Parse a JSON key."""
        expected = "any non reserved character different from: .,>()"
        return self._named(_KEY) or self.fail(expected)

    def index(self) -> str | None:
        """Parse an index of a JSON array; None without one."""
        match = self.match(_INDEX)
        return match[0] if match else None

    def enter(self) -> None:
        """Skip an opening parenthesis; at most ``_MAX_NESTED`` are nested."""
        self.expect("(")
        self._depth += 1
        if self._depth > _MAX_NESTED:
            self.fail(f"at most {_MAX_NESTED} parentheses within each other")

    def leave(self) -> None:
        """Skip a closing parenthesis."""
        self.expect(")")
        self._depth -= 1

    def fail(self, expected: str) -> NoReturn:
        """Raise PGRST100 for the current position."""
        seen = "end of input" if self.is_done else f'"{self.text[self.at]}"'
        details = f"unexpected {seen} expecting {expected}"
        raise errors.unparsed(self._what, self.text, self.at + 1, details)

    def _named(self, plain: re.Pattern[str]) -> str:
        quoted = self.quoted()
        if quoted is not None:
            return quoted
        match = self.match(plain)
        return match[0].strip() if match else ""
