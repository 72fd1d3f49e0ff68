"""Rate limit buckets that are not refilled, so that a test does not depend on how long it takes."""

from tests.support.local_system import LocalSystem, UserClient

_FAR = "now() + interval '1 day'"
"""A refill time in the future: the bucket gains no tokens until then."""


def fill(system: LocalSystem, user_id: str, **per_minute: int) -> None:
    """Fill these buckets with a minute's requests each, without any further refill."""
    for bucket, requests in per_minute.items():
        # The row holds the content of the bucket when the last request took its token.
        _set(system, user_id, bucket, tokens=requests + 1)


def leave(system: LocalSystem, person: UserClient, bucket: str, tokens: float) -> None:
    """Leave this many tokens in a bucket for the next request, without any further refill."""
    _set(system, person.id, bucket, tokens=tokens)


def _set(system: LocalSystem, user_id: str, bucket: str, *, tokens: float) -> None:
    system.rows(
        "insert into rate_buckets (user_id, bucket, tokens, refilled_at)"
        f" values (%s, %s, %s, {_FAR}) on conflict (user_id, bucket)"
        " do update set tokens = excluded.tokens, refilled_at = excluded.refilled_at"
        " returning tokens",
        user_id,
        bucket,
        tokens,
    )
