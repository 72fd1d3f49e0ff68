"""Supabase Storage request and response models."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel

from shared.contracts.base import CamelContract, Contract

MAX_SECONDS = 7 * 24 * 3600
"""Maximum validity of a V4 signed URL."""

MAX_PATHS = 1000
MAX_LISTED = 10_000
"""Maximum entries of a folder; later ones, by name, are in no listing."""

Path = Annotated[str, Field(max_length=1024)]
Seconds = Annotated[int, Field(ge=1, le=MAX_SECONDS)]
Paths = Annotated[list[Path], Field(min_length=1, max_length=MAX_PATHS)]


class SignRequest(CamelContract):
    """``POST /object/sign/{bucket}/{path}``."""

    expires_in: Seconds


class SignResponse(CamelContract):
    """The signed URL, relative to ``/storage/v1``."""

    signed_url: str = Field(alias="signedURL")


class SignManyRequest(CamelContract):
    """``POST /object/sign/{bucket}``."""

    expires_in: Seconds
    paths: Paths


class SignedPath(Contract):
    """The signed URL of a path, or the error for it."""

    error: str | None
    path: str
    signed_url: str | None = Field(serialization_alias="signedURL")


class SignedPaths(RootModel[list[SignedPath]]):
    """The results in the order of the requested paths."""


class UploadAddress(Contract):
    """A signed upload URL for one image, valid for two hours, relative to ``/storage/v1``."""

    url: str
    token: str


class Uploaded(BaseModel):
    """A stored object; the key is its bucket and path."""

    id: UUID = Field(serialization_alias="Id")
    key: str = Field(serialization_alias="Key")


class Order(Contract):
    """Sort column and direction."""

    column: Literal["name", "updated_at", "created_at", "last_accessed_at"] = "name"
    order: Literal["asc", "desc"] = "asc"


class ListRequest(CamelContract):
    """``POST /object/list/{bucket}``: a folder's entries whose names begin with ``search``."""

    prefix: Path = ""
    limit: Annotated[int, Field(ge=1, le=MAX_LISTED)] = 100
    offset: Annotated[int, Field(ge=0, le=MAX_LISTED)] = 0
    sort_by: Order = Order()
    search: Path = ""


class FileMetadata(CamelContract):
    """Metadata of a file from the bucket."""

    e_tag: str
    size: int
    mimetype: str
    cache_control: str
    last_modified: datetime
    content_length: int
    http_status_code: int = 200


class FileEntry(Contract):
    """A file or, with only a name, a folder."""

    name: str
    id: UUID | None = None
    updated_at: datetime | None = None
    created_at: datetime | None = None
    last_accessed_at: datetime | None = None
    metadata: FileMetadata | None = None


class FileEntries(RootModel[list[FileEntry]]):
    """Entries of a folder, subfolders first."""


class FileInfo(Contract):
    """``GET /object/info/{bucket}/{path}``."""

    id: UUID
    name: str
    version: str
    bucket_id: str
    size: int
    content_type: str
    cache_control: str
    etag: str
    metadata: dict[str, str]
    """Custom metadata of the uploader; always empty, since it is not stored."""
    last_modified: datetime
    created_at: datetime


class StorageError(BaseModel):
    """Error response of the storage endpoint."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    status_code: str = Field(serialization_alias="statusCode")
    """The HTTP status, in digits."""
    code: str
    error: str
    """The error's name, for older clients that do not know codes."""
    message: str
    """The error message, for a person."""
    details: list[dict[str, str]]
    """Each invalid field: field, message, type."""


class RemoveRequest(Contract):
    """``DELETE /object/{bucket}``: ``prefixes`` holds complete paths."""

    prefixes: Paths
