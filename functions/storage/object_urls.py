"""Parses the URLs below /storage/v1 that Supabase Storage's clients use."""

from typing import Literal, NamedTuple

from shared.db.queries.storage_access import Bucket
from shared.errors import ApiError, NotFoundError
from shared.services import Services
from shared.storage import user_uploads

Kind = Literal["object", "public", "sign", "upload", "info", "list", "move", "copy"]

_BUCKETS: dict[str, Bucket] = {"workspace-temp": "workspace-temp", "user-library": "user-library"}
_HEADS: list[tuple[str, Kind]] = [
    ("object/upload/sign/", "upload"),
    ("object/sign/", "sign"),
    ("object/info/authenticated/", "info"),
    ("object/info/", "info"),
    ("object/list/", "list"),
    ("object/public/", "public"),
    ("object/authenticated/", "object"),
    ("object/", "object"),
]


class InvalidKeyError(ApiError):
    """The object name is not valid."""

    status, code = 400, "invalid_key"


class ObjectRef(NamedTuple):
    """An object by its bucket's public name and its path; with an empty path, the bucket."""

    bucket: Bucket
    path: str

    @property
    def key(self) -> str:
        """``bucket/path``, as it is signed and sent to clients."""
        return f"{self.bucket}/{self.path}"


def parse(address: str) -> tuple[Kind, ObjectRef]:
    """Parse a URL's path into the kind of operation and the object.

    Raises:
        NotFoundError: The path is not known, or the bucket does not exist.
    """
    address = address.removeprefix("/")
    if address in {"object/move", "object/copy"}:
        kind: Kind = "move" if address == "object/move" else "copy"
        return kind, ObjectRef("workspace-temp", "")
    for head, kind in _HEADS:
        if address.startswith(head):
            bucket, _, path = address.removeprefix(head).partition("/")
            if bucket not in _BUCKETS:
                raise NotFoundError("Bucket not found", code="no_bucket")
            return kind, ObjectRef(_BUCKETS[bucket], path)
    raise NotFoundError("Not found.")


def check_key(path: str) -> None:
    """Raise InvalidKeyError for a path that is not a valid object name."""
    if not user_uploads.is_valid_key(path):
        raise InvalidKeyError


def bucket_name(bucket: Bucket, services: Services) -> str:
    """Return the bucket's name in Cloud Storage."""
    settings = services.settings
    return settings.workspace_bucket if bucket == "workspace-temp" else settings.library_bucket
