"""Where objects lie. Every path is built here, from ids of ours; none is taken from a request."""

from uuid import UUID

EXTENSIONS = {"image/png": "png", "video/mp4": "mp4"}
"""The kinds of file a worker may hand in, by the type that it declares."""

MIME_TYPES = {"image": "image/png", "video": "video/mp4"}
THUMBNAIL_TYPE = "image/webp"


def asset(user: UUID, job: UUID, claim: UUID, index: int, mime_type: str) -> str:
    """An asset in workspace-temp; it holds the claim, so two claims never write one object."""
    return f"{user}/{job}/{claim}-{index}.{EXTENSIONS[mime_type]}"


def asset_thumbnail(user: UUID, job: UUID, claim: UUID, index: int) -> str:
    """Its thumbnail."""
    return f"{user}/{job}/{claim}-{index}.thumb.webp"


def manifest(user: UUID, job: UUID, claim: UUID) -> str:
    """What a claim made, written last."""
    return f"{user}/{job}/{claim}-manifest.json"


def preview(user: UUID, job: UUID, claim: UUID) -> str:
    """The picture as it is while the job runs."""
    return f"{user}/{job}/{claim}-preview.webp"


def library(user: UUID, asset_id: UUID, mime_type: str) -> str:
    """A saved asset in user-library: the same for every try at saving one asset."""
    return f"{user}/{asset_id}.{EXTENSIONS[mime_type]}"


def library_thumbnail(user: UUID, asset_id: UUID) -> str:
    """Its thumbnail."""
    return f"{user}/{asset_id}.thumb.webp"
