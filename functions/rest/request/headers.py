"""Parses the headers Prefer, Accept, Range and the schema profiles."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from functions.rest import errors
from functions.rest.errors import RestError

_CHOICES = {
    "resolution": {"merge-duplicates", "ignore-duplicates"},
    "return": {"representation", "minimal", "headers-only"},
    "count": {"exact", "planned", "estimated"},
    "missing": {"default", "null"},
    "handling": {"strict", "lenient"},
    "tx": {"commit", "rollback"},  # accepted and ignored: a transaction always commits
}
_NUMBER = re.compile(r"\d{1,18}", re.ASCII)
_SINGLE = "application/vnd.pgrst.object+json"
_ROWS = {"application/json", "application/vnd.pgrst.array+json", "*/*", "application/*"}


@dataclass(frozen=True, slots=True)
class Format:
    """Output format of the rows."""

    media_type: str = "application/json"
    is_single: bool = False
    strips_nulls: bool = False
    is_csv: bool = False


@dataclass(frozen=True, slots=True)
class Preferences:
    """The supported preferences of the header ``Prefer``."""

    chosen: Mapping[str, str]
    max_affected: int | None = None

    @property
    def returns(self) -> str:
        """Content of a write's response: representation, minimal or headers-only."""
        return self.chosen.get("return", "minimal")

    @property
    def counts(self) -> bool:
        """Whether all rows are counted. Planned and estimated counts are exact here."""
        return "count" in self.chosen

    @property
    def is_strict(self) -> bool:
        """Whether unknown preferences are refused."""
        return self.chosen.get("handling") == "strict"

    def applied(self, *names: str) -> dict[str, str]:
        """Return the header ``Preference-Applied`` for those of the names that were applied."""
        applied = [f"{name}={self._applied_value(name)}" for name in names if name in self.chosen]
        if self.is_strict and self.max_affected is not None and "max-affected" in names:
            applied.append(f"max-affected={self.max_affected}")
        return {"preference-applied": ", ".join(applied)} if applied else {}

    def _applied_value(self, name: str) -> str:
        return "exact" if name == "count" else self.chosen[name]


def preferences(header: str) -> Preferences:
    """Parse ``Prefer``. Raises RestError (PGRST122) for unknown preferences if it is strict."""
    chosen: dict[str, str] = {}
    unknown, max_affected = [], None
    for text in filter(None, map(str.strip, header.split(","))):
        name, _, value = text.partition("=")
        if value in _CHOICES.get(name, ()):
            chosen.setdefault(name, value)
        elif name == "max-affected" and _NUMBER.fullmatch(value):
            max_affected = int(value)
        else:
            unknown.append(text)
    parsed = Preferences(chosen, max_affected)
    if unknown and parsed.is_strict:
        message = "Invalid preferences given with handling=strict"
        details = f"Invalid preferences: {', '.join(unknown)}"
        raise RestError(400, "PGRST122", message, details=details)
    return parsed


def accepted(header: str) -> Format:
    """Return the first supported type of ``Accept``. Raises RestError (PGRST107) if none is."""
    for name, parameters in _by_weight(header or "*/*"):
        strips = parameters.get("nulls") == "stripped"
        if name == _SINGLE:
            return Format(f"{_SINGLE};nulls=stripped" if strips else _SINGLE, True, strips)
        if name == "text/csv":
            return Format("text/csv", is_csv=True)
        if name in _ROWS and not (strips and name.endswith("array+json")):
            return Format()
        if name in _ROWS:
            return Format("application/vnd.pgrst.array+json;nulls=stripped", strips_nulls=True)
    message = f"None of these media types are available: {header}"
    raise RestError(406, "PGRST107", message)


def schema(headers: Mapping[str, str], *, reads: bool) -> dict[str, str]:
    """Return the response header that names the schema, if the client named one.

    Raises:
        RestError: PGRST106 for any schema but ``public``.
    """
    name = headers.get("accept-profile" if reads else "content-profile")
    if name is None:
        return {}
    if name != "public":
        hint = "Only the following schemas are exposed: public"
        raise RestError(406, "PGRST106", f"Invalid schema: {name}", hint=hint)
    return {"content-profile": name}


def parse_range(header: str, limit: int | None, offset: int) -> tuple[int | None, int]:
    """Limit ``limit`` and ``offset`` to the header ``Range``. Raises RestError (PGRST103)."""
    match = re.fullmatch(r"(\d{1,18})-(\d{0,18})", header, re.ASCII)
    if limit == 0:
        return 0, 0
    if not match:
        return limit, offset
    first, last = int(match[1]), int(match[2]) if match[2] else None
    if last is not None and first > last:
        raise errors.bad_range(
            "The lower boundary must be lower than or equal to the upper boundary in the"
            " Range header."
        )
    ends = [end for end in (last, None if limit is None else offset + limit - 1) if end is not None]
    begin = max(first, offset)
    if ends and min(ends) < begin:
        raise errors.bad_range("Limit should be greater than or equal to zero.")
    return (min(ends) - begin + 1 if ends else None), begin


def _by_weight(header: str) -> Iterable[tuple[str, dict[str, str]]]:
    weighted = []
    for text in header.split(","):
        name, *rest = (part.strip() for part in text.lower().split(";"))
        pairs = (part.partition("=") for part in rest)
        weighted.append((name, {key.strip(): value.strip() for key, _, value in pairs}))
    return sorted(weighted, key=lambda item: -_weight(item[1].get("q", "1")))


def _weight(text: str) -> float:
    return float(text) if re.fullmatch(r"[01](\.\d{0,3})?", text, re.ASCII) else 0.0
