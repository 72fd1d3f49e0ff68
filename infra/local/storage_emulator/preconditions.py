"""Generation preconditions: `ifGenerationMatch` and similar parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .errors import InvalidError, NotModifiedError, PreconditionFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_INT64_LIMIT = 2**63


class Versioned(Protocol):
    """A live object or a bucket."""

    @property
    def generation(self) -> int:
        """The version of the bytes."""

    @property
    def metageneration(self) -> int:
        """The version of the metadata."""


@dataclass(frozen=True, slots=True)
class Preconditions:
    """The conditions on the current version; None sets no condition."""

    generation_match: int | None = None
    generation_not_match: int | None = None
    metageneration_match: int | None = None
    metageneration_not_match: int | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, object], prefix: str = "if") -> Preconditions:
        """Parse the JSON API's conditions; a copy's source has the prefix `ifSource`."""
        not_match = integer(query, f"{prefix}MetagenerationNotMatch")
        if not_match is None:
            # The spelling of the Python client's uploads; if ignored, they would overwrite.
            not_match = integer(query, f"{prefix}MetaGenerationNotMatch")
        return cls(
            generation_match=integer(query, f"{prefix}GenerationMatch"),
            generation_not_match=integer(query, f"{prefix}GenerationNotMatch"),
            metageneration_match=integer(query, f"{prefix}MetagenerationMatch"),
            metageneration_not_match=not_match,
        )

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Preconditions:
        """Parse the XML API's conditions."""
        return cls(
            generation_match=integer(headers, "x-goog-if-generation-match"),
            metageneration_match=integer(headers, "x-goog-if-metageneration-match"),
        )

    def check(self, current: Versioned | None, *, reading: bool = False) -> None:
        """Check every condition; a missing object has generation 0.

        Raises:
            PreconditionFailedError: a condition does not hold.
            NotModifiedError: a "not match" condition does not hold while ``reading``.
        """
        generation = current.generation if current else 0
        metageneration = current.metageneration if current else None
        if self.generation_match not in {None, generation}:
            raise PreconditionFailedError
        if self.metageneration_match not in {None, metageneration}:
            raise PreconditionFailedError
        unchanged = self.generation_not_match == generation or (
            metageneration is not None and self.metageneration_not_match == metageneration
        )
        if unchanged:
            raise NotModifiedError if reading else PreconditionFailedError


NO_CONDITIONS = Preconditions()


def integer(values: Mapping[str, object], name: str) -> int | None:
    """Return an optional integer from 0 to 2**63 - 1.

    Raises:
        InvalidError: the value is anything else.
    """
    value = values.get(name)
    if value is None:
        return None
    try:
        number = int(str(value))
    except ValueError:
        number = _INT64_LIMIT
    if not 0 <= number < _INT64_LIMIT:
        raise InvalidError(f"Invalid value for {name}.")
    return number
