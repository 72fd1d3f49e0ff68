"""workspace-actions requests and responses; ``action`` selects the request model."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field, RootModel

from shared.contracts.base import CamelContract
from shared.contracts.jobs import JobRecord
from shared.contracts.text import Text

MAX_TAGS = 50

Title = Annotated[str, Text(min_length=1, max_length=200)]
Tag = Annotated[str, Text(min_length=1, max_length=50)]
Tags = Annotated[list[Tag], Field(max_length=MAX_TAGS)]
Description = Annotated[str, Text(max_length=2000)]


class SaveToLibrary(CamelContract):
    """Copy a workspace asset to the library. Saving twice returns the same library asset."""

    action: Literal["save_to_library"]
    asset_id: UUID
    custom_title: Title | None = None
    collection_id: UUID | None = None
    tags: Tags = []
    strip_settings: bool = False
    """Whether to remove prompt, seed and other settings from the library's file. The file still
    states that it was made by a model. An asset that is already saved stays unchanged."""


class DiscardAsset(CamelContract):
    """Remove an asset from the workspace. Discarding a removed asset succeeds."""

    action: Literal["discard_asset"]
    asset_id: UUID


class ClearAsset(CamelContract):
    """Save an asset if it is not saved yet, then remove it from the workspace."""

    action: Literal["clear_asset"]
    asset_id: UUID


class ClearJob(CamelContract):
    """Clear all assets of a job."""

    action: Literal["clear_job"]
    job_id: UUID


class ClearWorkspace(CamelContract):
    """Clear all assets of the workspace."""

    action: Literal["clear_workspace"]


class CopyToWorkspace(CamelContract):
    """Copy a library asset to the workspace. An existing copy is returned again."""

    action: Literal["copy_to_workspace"]
    library_asset_id: UUID


class UpdateLibraryAsset(CamelContract):
    """Change the fields that are sent; null clears a title or a collection."""

    action: Literal["update_library_asset"]
    library_asset_id: UUID
    custom_title: Title | None = None
    tags: Tags = []
    is_favorite: bool = False
    collection_id: UUID | None = None


class DeleteLibraryAsset(CamelContract):
    """Delete an asset from the library. Deleting a deleted asset succeeds."""

    action: Literal["delete_library_asset"]
    library_asset_id: UUID


class CreateCollection(CamelContract):
    """Create a collection of library assets."""

    action: Literal["create_collection"]
    name: Title
    description: Description | None = None


class DeleteCollection(CamelContract):
    """Delete a collection; its assets stay in the library."""

    action: Literal["delete_collection"]
    collection_id: UUID


class CancelJob(CamelContract):
    """Cancel an unfinished job and refund its credits. Cancelling again succeeds."""

    action: Literal["cancel_job"]
    job_id: UUID


class RetryJob(CamelContract):
    """Queue a failed job as a new job. A retry that has not failed is returned again."""

    action: Literal["retry_job"]
    job_id: UUID


WorkspaceAction = Annotated[
    SaveToLibrary
    | DiscardAsset
    | ClearAsset
    | ClearJob
    | ClearWorkspace
    | CopyToWorkspace
    | UpdateLibraryAsset
    | DeleteLibraryAsset
    | CreateCollection
    | DeleteCollection
    | CancelJob
    | RetryJob,
    Field(discriminator="action"),
]


class WorkspaceActionRequest(RootModel[WorkspaceAction]):
    """``POST /workspace-actions``."""


class ActionResponse(CamelContract):
    """The action succeeded."""

    success: bool = True
    message: str


class SaveResponse(ActionResponse):
    """The asset was saved to the library."""

    library_asset_id: UUID


class CopyResponse(ActionResponse):
    """The asset was copied to the workspace."""

    workspace_asset_id: UUID


class CollectionResponse(ActionResponse):
    """The collection was created."""

    collection_id: UUID


class JobResponse(ActionResponse):
    """The current state of the job; for a retry, of the new job."""

    job: JobRecord


class ClearError(CamelContract):
    """An asset that could not be cleared, and the reason."""

    asset_id: UUID
    error: str


class ClearResponse(ActionResponse):
    """Result of clearing several assets; all but those in ``errors`` were removed."""

    assets_processed: int
    """Number of assets tried, including those in ``errors``."""
    new_saves: int
    errors: list[ClearError]
    assets_remaining: int
    """Number of assets left; call again to clear those that were not tried."""


WorkspaceActionAnswer = (
    ActionResponse | SaveResponse | CopyResponse | CollectionResponse | ClearResponse | JobResponse
)
