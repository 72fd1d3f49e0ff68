"""A text that is read from left to right; what it does not hold is PGRST100."""

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
    """Where reading has come to in a text."""

    def __init__(self, what: str, text: str) -> None:
        self._what = what
        self._depth = 0
        self.text = text
        self.at = 0

    @property
    def is_done(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self.text)

    def spaces(self) -> None:
        """Pass over blanks."""
        while self.at < len(self.text) and self.text[self.at] in " \t":
            self.at += 1

    def sees(self, mark: str) -> bool:
        """Whether the mark comes next."""
        return self.text.startswith(mark, self.at)

    def take(self, mark: str) -> bool:
        """Pass over the mark, if it comes next."""
        if not self.sees(mark):
            return False
        self.at += len(mark)
        return True

    def expect(self, mark: str) -> None:
        """Pass over the mark, which must come next."""
        if not self.take(mark):
            self.fail(f'"{mark}"')

    def end(self) -> None:
        """Nothing more may come."""
        if not self.is_done:
            self.fail("end of input")

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What the pattern finds here, passed over."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def quoted(self) -> str | None:
        """A text in double quotes, in which a backslash takes the next character as it is."""
        match = self.match(_QUOTED)
        return _ESCAPED.sub(r"\1", match[1]) if match else None

    def name(self) -> str:
        """A column's, a table's, an alias."""
        return self._named(_NAME) or self.fail("field name (* or [a..z0..9_$])")

    def key(self) -> str:
        """A key of JSON."""
        expected = "any non reserved character different from: .,>()"
        return self._named(_KEY) or self.fail(expected)

    def index(self) -> str | None:
        """A place in a JSON array."""
        match = self.match(_INDEX)
        return match[0] if match else None

    def enter(self) -> None:
        """Go into a parenthesis."""
        self.expect("(")
        self._depth += 1
        if self._depth > _MAX_NESTED:
            self.fail(f"at most {_MAX_NESTED} parentheses within each other")

    def leave(self) -> None:
        """Come out of it."""
        self.expect(")")
        self._depth -= 1

    def fail(self, expected: str) -> NoReturn:
        """Raise PGRST100 about this place."""
        seen = "end of input" if self.is_done else f'"{self.text[self.at]}"'
        details = f"unexpected {seen} expecting {expected}"
        raise errors.unparsed(self._what, self.text, self.at + 1, details)

    def _named(self, plain: re.Pattern[str]) -> str:
        quoted = self.quoted()
        if quoted is not None:
            return quoted
        match = self.match(plain)
        return match[0].strip() if match else ""
