"""safety_decisions: what was refused to whom; and the confirmed ages in ``profiles``."""

from uuid import UUID

from shared.db.connection import Connection, require_row

_REFUSAL = """
    user_id = %(user_id)s and outcome = 'refused' and not categories <@ '{nsfw}'
    and place not in ('enhanced_prompt', 'answer', 'output')
"""
"""One that the user brought about: not what a model made of a harmless wish, and not an ``nsfw``
that is only not open to them."""


async def insert(
    connection: Connection,
    *,
    user_id: UUID | None,
    place: str,
    rule_version: str,
    categories: list[str],
    prompt_hash: bytes,
) -> None:
    """Keep a refusal, without a word of what was refused."""
    await connection.execute(
        """
        insert into safety_decisions (
            user_id, place, rule_version, categories, prompt_hash, outcome
        ) values (
            %(user_id)s, %(place)s, %(rule_version)s, %(categories)s, %(prompt_hash)s, 'refused'
        )
        """,
        {
            "user_id": user_id,
            "place": place,
            "rule_version": rule_version,
            "categories": categories,
            "prompt_hash": prompt_hash,
        },
    )


async def seconds_to_wait(
    connection: Connection,
    user_id: UUID,
    *,
    limit: int,
    within_seconds: float,
    first_seconds: float,
) -> float:
    """How long the user's account is still slowed down; 0 or less where it is not.

    It is from the last refusal on, where that was the ``limit``-th or a later one within the time
    before it; twice as long with each further one of a day.
    """
    rows = await connection.execute(
        f"""
        with refused as (
            select created_at, max(created_at) over () as last from safety_decisions
            where {_REFUSAL} and created_at > now() - interval '2 days'
        ), counted as (
            select max(last) as last,
                count(*) filter (
                    where created_at > last - make_interval(secs => %(within_seconds)s)
                ) as lately,
                count(*) filter (where created_at > last - interval '1 day') as today
            from refused
        )
        select case when lately >= %(limit)s then
            least(%(first_seconds)s * power(2, least(today - %(limit)s, 20)), 86400)
            - extract(epoch from now() - last)
        else 0 end::double precision as seconds
        from counted
        """,  # noqa: S608 - a constant of this module
        {
            "user_id": user_id,
            "limit": limit,
            "within_seconds": within_seconds,
            "first_seconds": first_seconds,
        },
    )
    return float(require_row(await rows.fetchone())["seconds"])


async def has_confirmed_age(connection: Connection, user_id: UUID) -> bool:
    """Whether the user's age was confirmed, by a date that has come."""
    rows = await connection.execute(
        "select from profiles where id = %(user_id)s and age_confirmed_at <= now()",
        {"user_id": user_id},
    )
    return rows.rowcount > 0


async def confirm_age(connection: Connection, user_id: UUID, *, is_confirmed: bool) -> bool:
    """Write the date of a confirmation, which stays that of the first, or take it away.

    False where there is no such profile.
    """
    rows = await connection.execute(
        """
        update profiles
        set age_confirmed_at = case
            when %(is_confirmed)s then coalesce(age_confirmed_at, now())
        end
        where id = %(user_id)s
        """,
        {"user_id": user_id, "is_confirmed": is_confirmed},
    )
    return rows.rowcount > 0


async def is_text_only_origin(connection: Connection, path: str) -> bool:
    """Whether a picture was made by a job of this system's that began with no picture."""
    rows = await connection.execute(
        "select from pictures_of_words where path = %(path)s", {"path": path}
    )
    return rows.rowcount > 0
