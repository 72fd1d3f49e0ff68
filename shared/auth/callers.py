"""Authenticators for endpoints that accept several kinds of caller."""

from shared.auth.authenticators import User, Worker, require_user, require_worker
from shared.contracts.webhook_signature import SIGNATURE_HEADER
from shared.db.queries import workers
from shared.errors import ForbiddenError
from shared.http import HttpRequest
from shared.services import Services


async def require_user_or_worker(call: HttpRequest, services: Services) -> User | Worker:
    """Return the user of a JWT, or the registered worker that signed the request.

    Raises:
        UnauthenticatedError: Neither credential is valid.
        ForbiddenError: No worker is registered with the key of the signature.
    """
    if "authorization" in call.headers or SIGNATURE_HEADER not in call.headers:
        return await require_user(call, services)
    worker = await require_worker(call, services)
    async with services.database.transaction() as connection:
        if not await workers.is_registered(connection, key_id=worker.key_id):
            raise ForbiddenError("No worker is registered under this key.")
    return worker
