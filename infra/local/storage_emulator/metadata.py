"""Settable object and bucket metadata: validation, and merging as a JSON merge patch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from . import unsupported
from .errors import InvalidError, ParseError

if TYPE_CHECKING:
    from collections.abc import Mapping

Properties: TypeAlias = dict[str, Any]

_OBJECT_TEXTS = frozenset(
    {
        "cacheControl",
        "contentDisposition",
        "contentEncoding",
        "contentLanguage",
        "contentType",
        "customTime",
    }
)
# Read-only fields of a bucket's resource; every other field is stored as sent.
_BUCKET_FACTS = frozenset(
    {
        "kind",
        "id",
        "name",
        "selfLink",
        "etag",
        "metageneration",
        "projectNumber",
        "timeCreated",
        "updated",
    }
)
_CORS_LISTS = ("origin", "method", "responseHeader")


def parse(body: bytes) -> Properties:
    """Parse a request's JSON object; an empty body is an empty object.

    Raises:
        ParseError: it is not a JSON object.
    """
    try:
        document = json.loads(body or b"{}")
        # A lone surrogate is valid JSON, but cannot be stored or sent back.
        json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise ParseError from error
    if not isinstance(document, dict):
        raise ParseError
    return document


def of_object(document: Mapping[str, object]) -> Properties:
    """Return the settable properties of an object; None removes a property.

    Raises:
        InvalidError: a value has the wrong type.
        NotEmulatedError: a property is not supported.
    """
    unsupported.check_object(document)
    properties = {name: value for name, value in document.items() if name in _OBJECT_TEXTS}
    for name, value in properties.items():
        _require_text(name, value)
    metadata = document.get("metadata")
    if isinstance(metadata, dict):
        for name, value in metadata.items():
            _require_text(f"metadata.{name}", value)
    elif metadata is not None:
        raise InvalidError("Invalid value for metadata.")
    return {**properties, "metadata": metadata} if "metadata" in document else properties


def of_bucket(document: Mapping[str, object]) -> Properties:
    """Return the settable properties of a bucket; None removes a property.

    Raises:
        InvalidError: the CORS rules are invalid.
        NotEmulatedError: a property is not supported.
    """
    unsupported.check_bucket(document)
    properties = {name: value for name, value in document.items() if name not in _BUCKET_FACTS}
    rules = properties.get("cors")
    values = [] if rules is None else rules
    if not isinstance(values, list) or not all(_is_cors_rule(rule) for rule in values):
        raise InvalidError("Invalid value for cors.")
    return properties


def merge(properties: Properties, changes: Mapping[str, object]) -> Properties:
    """Apply a merge patch (RFC 7396): None removes, an object is merged, all else replaces."""
    merged = dict(properties)
    for name, value in changes.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, dict):
            before = merged.get(name)
            merged[name] = merge(before if isinstance(before, dict) else {}, value)
        else:
            merged[name] = value
    return merged


def _require_text(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise InvalidError(f"Invalid value for {name}.")


def _is_cors_rule(rule: object) -> bool:
    if not isinstance(rule, dict):
        return False
    lists = [rule.get(name, []) for name in _CORS_LISTS]
    return isinstance(rule.get("maxAgeSeconds", 0), int) and all(
        isinstance(texts, list) and all(_is_header_text(text) for text in texts) for texts in lists
    )


def _is_header_text(text: object) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable()
