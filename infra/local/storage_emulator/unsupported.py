"""Reject unsupported features instead of ignoring them, so that callers do not rely on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .errors import NotEmulatedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

_PARAMETERS = frozenset(
    {
        "includeFoldersAsPrefixes",
        "kmsKeyName",
        "matchGlob",
        "predefinedAcl",
        "destinationPredefinedAcl",
        "softDeleted",
        "versions",
    }
)
_ENCRYPTION_HEADERS = ("x-goog-encryption-", "x-goog-copy-source-encryption-")
_OBJECT_FIELDS = frozenset({"acl", "eventBasedHold", "retention", "temporaryHold"})
_BUCKET_FIELDS = frozenset({"acl", "defaultEventBasedHold", "encryption", "retentionPolicy"})
_BUCKET_SWITCHES = frozenset({"autoclass", "hierarchicalNamespace", "versioning"})
_STORAGE_CLASS = "STANDARD"


def check_request(request: Request) -> None:
    """Reject a request whose parameters or headers are not emulated."""
    for name, value in request.query_params.items():
        if name in _PARAMETERS and value.lower() not in {"", "false"}:
            raise NotEmulatedError(f"The parameter {name} is not emulated.")
    for name in request.headers:
        if name.startswith(_ENCRYPTION_HEADERS):
            raise NotEmulatedError(f"The header {name} is not emulated.")


def check_object(document: Mapping[str, object]) -> None:
    """Reject an object's properties that would have no effect."""
    _check(document, _OBJECT_FIELDS)


def check_bucket(document: Mapping[str, object]) -> None:
    """Reject a bucket's properties that would have no effect."""
    _check(document, _BUCKET_FIELDS)
    for name in _BUCKET_SWITCHES:
        switch = document.get(name)
        if isinstance(switch, dict) and switch.get("enabled"):
            raise NotEmulatedError(f"{name} is not emulated.")


def _check(document: Mapping[str, object], fields: frozenset[str]) -> None:
    for name in fields:
        if document.get(name):
            raise NotEmulatedError(f"{name} is not emulated.")
    if document.get("storageClass", _STORAGE_CLASS) not in {_STORAGE_CLASS, None}:
        raise NotEmulatedError(f"A storageClass other than {_STORAGE_CLASS} is not emulated.")
