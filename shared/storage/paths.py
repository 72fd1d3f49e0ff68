"""Object paths in workspace-temp and user-library.

All paths are built from ids of ours; none is taken from a request.
"""

from uuid import UUID

from shared.contracts.worker_protocol import ReferenceRole

EXTENSIONS = {"image/png": "png", "video/mp4": "mp4"}
"""File extensions of the assets that a worker may upload, by MIME type."""

MIME_TYPES = {"image": "image/png", "video": "video/mp4"}
THUMBNAIL_TYPE = "image/webp"
REFERENCE_TYPE = "image/png"


def job_prefix(user: UUID, job: UUID) -> str:
    """Return the prefix of all of a job's objects in workspace-temp."""
    return f"{user}/{job}/"


def asset(user: UUID, job: UUID, claim: UUID, index: int, mime_type: str) -> str:
    """Return the path of an asset in workspace-temp.

    It contains the claim, so two claims never write to the same object.
    """
    return f"{user}/{job}/{claim}-{index}.{EXTENSIONS[mime_type]}"


def asset_thumbnail(user: UUID, job: UUID, claim: UUID, index: int) -> str:
    """Return the path of an asset's thumbnail in workspace-temp."""
    return f"{user}/{job}/{claim}-{index}.thumb.webp"


def manifest(user: UUID, job: UUID, claim: UUID) -> str:
    """Return the path of a claim's manifest, which the worker writes last."""
    return f"{user}/{job}/{claim}-manifest.json"


def preview(user: UUID, job: UUID, claim: UUID) -> str:
    """Return the path of the preview image of a running job."""
    return f"{user}/{job}/{claim}-preview.webp"


def reference(user: UUID, job: UUID, role: ReferenceRole) -> str:
    """Return the path of a reference image of a job, in workspace-temp."""
    return f"{user}/{job}/reference-{role}.png"


def library(user: UUID, asset_id: UUID, mime_type: str) -> str:
    """Return the path of a library asset in user-library. Ids are never reused."""
    return f"{user}/{asset_id}.{EXTENSIONS[mime_type]}"


def library_thumbnail(user: UUID, asset_id: UUID) -> str:
    """Return the path of a library asset's thumbnail in user-library."""
    return f"{user}/{asset_id}.thumb.webp"


def workspace_copy(user: UUID, asset_id: UUID, mime_type: str) -> str:
    """Return the path of a copy of a library asset in workspace-temp."""
    return f"{user}/library/{asset_id}.{EXTENSIONS[mime_type]}"


def workspace_copy_thumbnail(user: UUID, asset_id: UUID) -> str:
    """Return the path of that copy's thumbnail."""
    return f"{user}/library/{asset_id}.thumb.webp"


def orphaned_copy_paths(user: UUID, asset_id: UUID) -> tuple[list[str], list[str]]:
    """Return all possible paths of an unrecorded copy, in workspace-temp and in user-library.

    Neither the direction nor the file type of such a copy is known.
    """
    in_workspace = [workspace_copy(user, asset_id, mime_type) for mime_type in EXTENSIONS]
    in_library = [library(user, asset_id, mime_type) for mime_type in EXTENSIONS]
    return (
        [*in_workspace, workspace_copy_thumbnail(user, asset_id)],
        [*in_library, library_thumbnail(user, asset_id)],
    )
