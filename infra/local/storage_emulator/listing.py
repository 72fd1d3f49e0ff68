"""Object listing: pages by prefix, range of names and delimiter."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .errors import InvalidError
from .preconditions import integer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from .stored_object import StoredObject

_PAGE_LIMIT = 1000


@dataclass(slots=True)
class Page:
    """One page: objects, folders, and the token of the next page if there is one."""

    items: list[StoredObject] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    next_token: str | None = None


@dataclass(frozen=True, slots=True)
class Selection:
    """The requested names, and the entry after which the page begins."""

    prefix: str
    delimiter: str
    start: str
    end: str
    after: str

    @classmethod
    def from_query(cls, query: Mapping[str, str]) -> Selection:
        """Parse the query of a listing."""
        return cls(
            prefix=query.get("prefix", ""),
            delimiter=query.get("delimiter", ""),
            start=query.get("startOffset", ""),
            end=query.get("endOffset", ""),
            after=from_token(query.get("pageToken", "")),
        )

    @property
    def first(self) -> str:
        """The smallest name that can be on the page."""
        return max(self.prefix, self.start, self.after)

    def page(self, stored: Iterable[StoredObject], limit: int) -> Page:
        """Return the first page of at most `limit` entries; each folder counts once."""
        page = Page()
        previous = self.after
        for item in self._selected(stored):
            folder = self._folder(item.name)
            entry = folder or item.name
            if entry == previous:
                continue
            if len(page.items) + len(page.folders) == limit:
                page.next_token = to_token(previous)
                break
            if folder:
                page.folders.append(folder)
            else:
                page.items.append(item)
            previous = entry
        return page

    def _selected(self, stored: Iterable[StoredObject]) -> Iterator[StoredObject]:
        for item in stored:
            beyond = self.end and item.name >= self.end
            if beyond or not item.name.startswith(self.prefix):
                return
            yield item

    def _folder(self, name: str) -> str:
        rest = name[len(self.prefix) :]
        if not self.delimiter or self.delimiter not in rest:
            return ""
        return self.prefix + rest[: rest.index(self.delimiter) + len(self.delimiter)]


def page_size(query: Mapping[str, str]) -> int:
    """Return the requested number of entries, at most Cloud Storage's limit of 1000."""
    return min(integer(query, "maxResults") or _PAGE_LIMIT, _PAGE_LIMIT)


def to_token(entry: str) -> str:
    """Encode the last entry of a page as the token of the next."""
    return base64.urlsafe_b64encode(entry.encode()).decode()


def from_token(token: str) -> str:
    """Decode a token to an entry.

    Raises:
        InvalidError: it is not a token.
    """
    try:
        return base64.urlsafe_b64decode(token).decode()
    except ValueError as error:
        raise InvalidError("Invalid value for pageToken.") from error
