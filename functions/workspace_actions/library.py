"""Library assets: update, delete, and copy to the workspace. Collections: create and delete."""

from uuid import UUID

from shared.auth.authenticators import User
from shared.contracts.workspace import (
    ActionResponse,
    CollectionResponse,
    CopyResponse,
    CopyToWorkspace,
    CreateCollection,
    DeleteCollection,
    DeleteLibraryAsset,
    UpdateLibraryAsset,
)
from shared.db.queries import asset_copies, collections, library
from shared.errors import ConflictError, NotFoundError
from shared.http.idempotency import IdempotentRequest
from shared.library import save
from shared.services import Services
from shared.storage import paths


async def update(request: UpdateLibraryAsset, user: User, services: Services) -> ActionResponse:
    """Change the fields of a library asset that the request contains.

    Raises:
        NotFoundError: The user has no such library asset or collection.
    """
    labels = library.AssetMetadata(
        custom_title=request.custom_title, collection_id=request.collection_id, tags=request.tags
    )
    async with services.database.transaction() as connection:
        collection = request.collection_id
        if collection and not await collections.is_owned(connection, collection, user_id=user.id):
            raise NotFoundError
        if not await library.update(
            connection,
            request.library_asset_id,
            labels,
            user_id=user.id,
            is_favorite=request.is_favorite,
            changes=frozenset(request.model_fields_set),
        ):
            raise NotFoundError
    return ActionResponse(message="Library asset updated.")


async def delete(request: DeleteLibraryAsset, user: User, services: Services) -> ActionResponse:
    """Delete a library asset: first its row, then its files.

    If the request is interrupted in between, repeating it deletes the files.

    Raises:
        NotFoundError: The user has no such library asset.
    """
    async with services.database.transaction() as connection:
        files = await library.delete(connection, request.library_asset_id, user_id=user.id)
    if files is None:
        raise NotFoundError
    for path in files:
        await services.storage.delete(services.settings.library_bucket, path)
    return ActionResponse(message="Library asset deleted.")


async def copy_to_workspace(
    request: CopyToWorkspace, user: User, services: Services
) -> CopyResponse:
    """Copy a library asset to the workspace, for a week.

    While the copy exists, a repeated request returns the same copy and extends it.

    Raises:
        NotFoundError: The user has no such library asset, or it was deleted meanwhile.
        ConflictError: The copy was removed while it was made.
    """
    asset_id = await _copy(request.library_asset_id, user, services)
    return CopyResponse(
        message="Asset copied to workspace for one week.", workspace_asset_id=asset_id
    )


async def _copy(library_id: UUID, user: User, services: Services) -> UUID:
    async with services.database.transaction() as connection:
        library_asset = await library.lock(connection, library_id, user_id=user.id)
        if library_asset is None:
            raise NotFoundError
        if existing := await asset_copies.extend_workspace_copy(
            connection, library_id, user_id=user.id
        ):
            return existing
        asset_id = await asset_copies.begin(
            connection, library_id, user_id=user.id, target_id=services.new_id()
        )
    settings = services.settings
    buckets = (settings.library_bucket, settings.workspace_bucket)
    await save.verify_library_file(services, library_asset)
    files = _files(library_asset, asset_id)
    copies = await save.copy_files(services, buckets, files, ids=(library_id, asset_id))
    return await _record(library_asset, asset_id, copies, services)


async def _record(
    library_asset: library.LibraryAsset,
    asset_id: UUID,
    copies: asset_copies.CopiedFiles,
    services: Services,
) -> UUID:
    """Record the copy; returns its id, or that of a copy that was recorded meanwhile."""
    async with services.database.transaction() as connection:
        if not await library.lock(connection, library_asset.id, user_id=library_asset.user_id):
            raise NotFoundError
        if await asset_copies.finish(connection, library_asset.id, target_id=asset_id):
            await asset_copies.insert(connection, library_asset.id, copies, asset_id=asset_id)
            return asset_id
        existing = await asset_copies.extend_workspace_copy(
            connection, library_asset.id, user_id=library_asset.user_id
        )
    if existing is None:
        raise ConflictError("The copy was removed meanwhile; try again.")
    return existing


def _files(library_asset: library.LibraryAsset, asset_id: UUID) -> list[save.FileCopy]:
    """Return the asset's file first, then its thumbnail if it has one."""
    path = paths.workspace_copy(library_asset.user_id, asset_id, library_asset.mime_type)
    files = [save.FileCopy(library_asset.storage_path, library_asset.generation, path)]
    if library_asset.thumbnail_path and library_asset.thumbnail_generation:
        path = paths.workspace_copy_thumbnail(library_asset.user_id, asset_id)
        files.append(
            save.FileCopy(library_asset.thumbnail_path, library_asset.thumbnail_generation, path)
        )
    return files


async def create_collection(
    request: CreateCollection, user: User, services: Services, once: IdempotentRequest
) -> CollectionResponse:
    """Create a collection. Names need not be unique."""
    async with services.database.transaction() as connection:
        collection_id = await collections.insert(
            connection, user_id=user.id, name=request.name, description=request.description
        )
        response = CollectionResponse(message="Collection created.", collection_id=collection_id)
        await once.store_response(connection, response)
    return response


async def delete_collection(
    request: DeleteCollection, user: User, services: Services
) -> ActionResponse:
    """Delete a collection. Its assets stay in the library, without a collection.

    Raises:
        NotFoundError: The user has no such collection.
    """
    async with services.database.transaction() as connection:
        if not await collections.delete(connection, request.collection_id, user_id=user.id):
            raise NotFoundError
    return ActionResponse(message="Collection deleted; its assets stay in the library.")
