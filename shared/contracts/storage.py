"""What the storage clients of Supabase send, and what they read."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, RootModel

from shared.contracts.base import CamelContract, Contract

MAX_SECONDS = 7 * 24 * 3600
"""As long as a V4 signed URL may last."""

MAX_PATHS = 1000
MAX_LISTED = 10_000
"""Entries of a folder; what lies beyond, by name, is in no listing."""

Path = Annotated[str, Field(max_length=1024)]
Seconds = Annotated[int, Field(ge=1, le=MAX_SECONDS)]
Paths = Annotated[list[Path], Field(min_length=1, max_length=MAX_PATHS)]


class SignRequest(CamelContract):
    """``POST /object/sign/{bucket}/{path}``."""

    expires_in: Seconds


class SignResponse(CamelContract):
    """The address, below ``/storage/v1``."""

    signed_url: str = Field(alias="signedURL")


class SignManyRequest(CamelContract):
    """``POST /object/sign/{bucket}``."""

    expires_in: Seconds
    paths: Paths


class SignedPath(Contract):
    """One of the paths: an address, or why there is none."""

    error: str | None
    path: str
    signed_url: str | None = Field(serialization_alias="signedURL")


class SignedPaths(RootModel[list[SignedPath]]):
    """Each path that was asked for, in that order."""


class UploadAddress(Contract):
    """Where one picture may be put, within two hours; below ``/storage/v1``."""

    url: str
    token: str


class Uploaded(BaseModel):
    """An object that is stored; the key is its bucket and path."""

    id: UUID = Field(serialization_alias="Id")
    key: str = Field(serialization_alias="Key")


class Order(Contract):
    """By which column, and in which direction."""

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
    """What the bucket says of a file."""

    e_tag: str
    size: int
    mimetype: str
    cache_control: str
    last_modified: datetime
    content_length: int
    http_status_code: int = 200


class FileEntry(Contract):
    """A file; or a folder, of which nothing but its name is known."""

    name: str
    id: UUID | None = None
    updated_at: datetime | None = None
    created_at: datetime | None = None
    last_accessed_at: datetime | None = None
    metadata: FileMetadata | None = None


class FileEntries(RootModel[list[FileEntry]]):
    """Folders first."""


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
    """The uploader's own, which is not kept."""
    last_modified: datetime
    created_at: datetime


class StorageError(BaseModel):
    """Every error of storage."""

    model_config = ConfigDict(frozen=True, serialize_by_alias=True)

    status_code: str = Field(serialization_alias="statusCode")
    """The status, in digits."""
    code: str
    error: str
    """The same as clients knew it before there were codes."""
    message: str
    """What went wrong, for a person."""
    details: list[dict[str, str]]
    """Each field that failed: field, message, type."""


class RemoveRequest(Contract):
    """``DELETE /object/{bucket}``: whole paths, whatever the field is called."""

    prefixes: Paths
