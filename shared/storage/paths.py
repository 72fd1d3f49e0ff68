"""Where objects lie. Every path is built here, from ids of ours; none is taken from a request."""

from uuid import UUID

from shared.contracts.worker_protocol import ReferenceRole

EXTENSIONS = {"image/png": "png", "video/mp4": "mp4"}
"""The kinds of file a worker may hand in, by the type that it declares."""

MIME_TYPES = {"image": "image/png", "video": "video/mp4"}
THUMBNAIL_TYPE = "image/webp"
REFERENCE_TYPE = "image/png"


def job_prefix(user: UUID, job: UUID) -> str:
    """Whatever a job has in workspace-temp lies below it."""
    return f"{user}/{job}/"


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


def reference(user: UUID, job: UUID, role: ReferenceRole) -> str:
    """A picture that a job starts from, in the job's own folder of workspace-temp."""
    return f"{user}/{job}/reference-{role}.png"


def library(user: UUID, asset_id: UUID, mime_type: str) -> str:
    """A library asset in user-library; no two, not even one after the other, share an object."""
    return f"{user}/{asset_id}.{EXTENSIONS[mime_type]}"


def library_thumbnail(user: UUID, asset_id: UUID) -> str:
    """Its thumbnail."""
    return f"{user}/{asset_id}.thumb.webp"


def workspace_copy(user: UUID, asset_id: UUID, mime_type: str) -> str:
    """An asset in workspace-temp that no job made: a copy from the library."""
    return f"{user}/library/{asset_id}.{EXTENSIONS[mime_type]}"


def workspace_copy_thumbnail(user: UUID, asset_id: UUID) -> str:
    """Its thumbnail."""
    return f"{user}/library/{asset_id}.thumb.webp"


def orphaned_copy_paths(user: UUID, asset_id: UUID) -> tuple[list[str], list[str]]:
    """Where a copy's files may lie whose kind is not known: in workspace-temp, in user-library."""
    copies = [workspace_copy(user, asset_id, mime_type) for mime_type in EXTENSIONS]
    kept = [library(user, asset_id, mime_type) for mime_type in EXTENSIONS]
    return (
        [*copies, workspace_copy_thumbnail(user, asset_id)],
        [*kept, library_thumbnail(user, asset_id)],
    )
