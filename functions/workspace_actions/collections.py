"""Creates and deletes collections of library assets."""

from shared.auth.authenticators import User
from shared.contracts.workspace import (
    ActionResponse,
    CollectionResponse,
    CreateCollection,
    DeleteCollection,
)
from shared.db.queries import collections
from shared.errors import NotFoundError
from shared.http.idempotency import IdempotentRequest
from shared.services import Services


async def create(
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


async def delete(request: DeleteCollection, user: User, services: Services) -> ActionResponse:
    """Delete a collection. Its assets stay in the library, without a collection.

    Raises:
        NotFoundError: The user has no such collection.
    """
    async with services.database.transaction() as connection:
        if not await collections.delete(connection, request.collection_id, user_id=user.id):
            raise NotFoundError
    return ActionResponse(message="Collection deleted; its assets stay in the library.")
