"""What a user does with what was made: one body, told apart by ``action``."""

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
    """Copy an asset of the workspace to the library. Saving twice gives the same library asset."""

    action: Literal["save_to_library"]
    asset_id: UUID
    custom_title: Title | None = None
    collection_id: UUID | None = None
    tags: Tags = []
    strip_settings: bool = False
    """Whether the library's file is to say nothing of prompt, seed and the like; that a model made
    it, it says all the same. An asset that is in the library already stays as it was saved."""


class DiscardAsset(CamelContract):
    """Remove an asset from the workspace. Discarding what is gone is success."""

    action: Literal["discard_asset"]
    asset_id: UUID


class ClearAsset(CamelContract):
    """Save an asset where it is not saved yet, then remove it from the workspace."""

    action: Literal["clear_asset"]
    asset_id: UUID


class ClearJob(CamelContract):
    """Clear every asset of a job."""

    action: Literal["clear_job"]
    job_id: UUID


class ClearWorkspace(CamelContract):
    """Clear every asset of the workspace."""

    action: Literal["clear_workspace"]


class CopyToWorkspace(CamelContract):
    """Copy a library asset back to the workspace. While its copy lives, again gives the same."""

    action: Literal["copy_to_workspace"]
    library_asset_id: UUID


class UpdateLibraryAsset(CamelContract):
    """Change what is given; null clears a title or a collection."""

    action: Literal["update_library_asset"]
    library_asset_id: UUID
    custom_title: Title | None = None
    tags: Tags = []
    is_favorite: bool = False
    collection_id: UUID | None = None


class DeleteLibraryAsset(CamelContract):
    """Delete an asset from the library. Deleting what is gone is success."""

    action: Literal["delete_library_asset"]
    library_asset_id: UUID


class CreateCollection(CamelContract):
    """Make a collection of library assets."""

    action: Literal["create_collection"]
    name: Title
    description: Description | None = None


class DeleteCollection(CamelContract):
    """Delete a collection; its assets stay in the library."""

    action: Literal["delete_collection"]
    collection_id: UUID


class CancelJob(CamelContract):
    """End a job that has not ended, with its refund. Cancelling again is success."""

    action: Literal["cancel_job"]
    job_id: UUID


class RetryJob(CamelContract):
    """Queue a failed job as a new one. While that one lives, again gives the same."""

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
    """It is done."""

    success: bool = True
    message: str


class SaveResponse(ActionResponse):
    """It is in the library."""

    library_asset_id: UUID


class CopyResponse(ActionResponse):
    """It is in the workspace."""

    workspace_asset_id: UUID


class CollectionResponse(ActionResponse):
    """The collection is there."""

    collection_id: UUID


class JobResponse(ActionResponse):
    """How the job stands now; for a retry, the new one."""

    job: JobRecord


class ClearError(CamelContract):
    """An asset that stays in the workspace, and why."""

    asset_id: UUID
    error: str


class ClearResponse(ActionResponse):
    """What became of many assets; those that are not named in ``errors`` are gone."""

    assets_processed: int
    """How many were tried, those in ``errors`` among them."""
    new_saves: int
    errors: list[ClearError]
    assets_remaining: int
    """How many are there still: call again for those that were not tried."""


WorkspaceActionAnswer = (
    ActionResponse | SaveResponse | CopyResponse | CollectionResponse | ClearResponse | JobResponse
)
