"""The addresses below /storage/v1, as Supabase Storage's clients write them."""

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
    """No object can have this name."""

    status, code = 400, "invalid_key"


class ObjectRef(NamedTuple):
    """An object by its bucket's public name; or, without a path, the bucket."""

    bucket: Bucket
    path: str

    @property
    def key(self) -> str:
        """As it is signed, and told to clients."""
        return f"{self.bucket}/{self.path}"


def parse(address: str) -> tuple[Kind, ObjectRef]:
    """What is asked of which object.

    Raises:
        NotFoundError: for what is nobody's address, and a bucket that there is not.
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
    raise NotFoundError("There is nothing at this address.")


def check_key(path: str) -> None:
    """Raise InvalidKeyError for what can be no object's name."""
    if not user_uploads.is_valid_key(path):
        raise InvalidKeyError


def bucket_name(bucket: Bucket, services: Services) -> str:
    """What the cloud calls it."""
    settings = services.settings
    return settings.workspace_bucket if bucket == "workspace-temp" else settings.library_bucket
