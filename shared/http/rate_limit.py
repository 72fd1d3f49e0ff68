"""How much a user may ask for in a minute: a bucket of tokens for each kind of request.

Workers, the scheduler and the anonymous have no bucket: the first two prove a key of ours, and the
last are the load balancer's to slow down, by their address.
"""

import math
from typing import Literal, TypeAlias
from uuid import UUID

from shared.db.connection import Connection
from shared.db.queries import rate_limits
from shared.errors import RateLimitedError
from shared.services import Services
from shared.settings import Settings

RateLimitClass: TypeAlias = Literal["jobs", "prompts", "requests"]
"""Jobs to be drawn, prompts for a language model, and everything else."""


async def check_rate_limit(rate: RateLimitClass, user_id: UUID, services: Services) -> None:
    """Count a request; one too many is refused, and costs nothing but this.

    Raises:
        RateLimitedError: with the seconds until the next is taken.
    """
    limit = per_minute(rate, services.settings)
    if not limit:
        return
    async with services.database.autocommit() as connection:
        seconds = await rate_limits.take(connection, user_id=user_id, bucket=rate, per_minute=limit)
    _check(seconds, limit)


async def take_with(
    connection: Connection, rate: RateLimitClass, user_id: UUID, settings: Settings
) -> None:
    """Count a request in a transaction of the caller's; one that is rolled back counts nothing.

    Raises:
        RateLimitedError: with the seconds until the next is taken.
    """
    limit = per_minute(rate, settings)
    if limit:
        seconds = await rate_limits.take_with(
            connection, user_id=user_id, bucket=rate, per_minute=limit
        )
        _check(seconds, limit)


def _check(seconds: float | None, limit: int) -> None:
    if seconds is not None:
        raise RateLimitedError(
            f"You may ask for this {limit} times a minute; wait a little.",
            retry_after_seconds=math.ceil(seconds),
        )


def per_minute(rate: RateLimitClass, settings: Settings) -> int:
    """How many; 0 where there is no limit."""
    return {
        "jobs": settings.rate_limit_jobs_per_minute,
        "prompts": settings.rate_limit_prompts_per_minute,
        "requests": settings.rate_limit_requests_per_minute,
    }[rate]
