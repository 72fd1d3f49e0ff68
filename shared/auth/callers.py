"""Doors that callers of more than one kind may enter, each by the keeper of its kind."""

from shared.auth.authenticators import User, Worker, user_token, worker_seal
from shared.contracts.webhook_signature import SIGNATURE_HEADER
from shared.db.queries import registry
from shared.errors import ForbiddenError
from shared.http import Call
from shared.services import Services


async def user_or_worker(call: Call, services: Services) -> User | Worker:
    """A user, by the token; or a registered worker, by the seal on its letter."""
    if "authorization" in call.headers or SIGNATURE_HEADER not in call.headers:
        return await user_token(call, services)
    worker = await worker_seal(call, services)
    async with services.database.transaction() as connection:
        if not await registry.is_registered(connection, key_id=worker.key_id):
            raise ForbiddenError("No worker is registered under this key.")
    return worker
