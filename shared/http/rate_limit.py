"""Rate limits per user: a token bucket in Postgres for each class of request.

Workers and the scheduler authenticate with a key of ours and have no limit. Anonymous callers are
limited by the load balancer, by their address.
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
"""New jobs, prompts for a language model, and all other requests."""


async def check_rate_limit(rate: RateLimitClass, user_id: UUID, services: Services) -> None:
    """Take a token from the user's bucket.

    Raises:
        RateLimitedError: The bucket is empty; carries the seconds until a token is available.
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
    """Take a token in the caller's transaction; a rollback returns it.

    Raises:
        RateLimitedError: The bucket is empty; carries the seconds until a token is available.
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
            f"Rate limit of {limit} requests per minute exceeded; try again later.",
            retry_after_seconds=math.ceil(seconds),
        )


def per_minute(rate: RateLimitClass, settings: Settings) -> int:
    """Return the limit per minute of a class; 0 means no limit."""
    return {
        "jobs": settings.rate_limit_jobs_per_minute,
        "prompts": settings.rate_limit_prompts_per_minute,
        "requests": settings.rate_limit_requests_per_minute,
    }[rate]
