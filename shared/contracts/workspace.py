"""What a user does with what was made: one body, told apart by ``action``."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import CamelContract
from shared.contracts.jobs import Text

MOST_TAGS = 50

Title = Annotated[Text, Field(min_length=1, max_length=200)]
Tag = Annotated[Text, Field(min_length=1, max_length=50)]


class SaveToLibrary(CamelContract):
    """Copy an asset of the workspace to the library. Saving twice gives the same library asset."""

    action: Literal["save_to_library"]
    asset_id: UUID
    custom_title: Title | None = None
    collection_id: UUID | None = None
    tags: Annotated[list[Tag], Field(max_length=MOST_TAGS)] = []


class DiscardAsset(CamelContract):
    """Remove an asset from the workspace. Discarding what is gone is success."""

    action: Literal["discard_asset"]
    asset_id: UUID


WorkspaceActionRequest = Annotated[SaveToLibrary | DiscardAsset, Field(discriminator="action")]


class Saved(CamelContract):
    """It is in the library."""

    success: bool = True
    message: str
    library_asset_id: UUID


class Done(CamelContract):
    """It is done."""

    success: bool = True
    message: str
