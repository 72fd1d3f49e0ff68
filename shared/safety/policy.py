"""Enforce the text rules, record refusals, throttle repeat offenders."""

import hashlib
import hmac
import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Literal
from uuid import UUID

from shared.contracts.worker_protocol import ContentMode
from shared.db.connection import Connection
from shared.db.queries import safety_decisions as decisions
from shared.errors import ContentPolicyError, TooManyRequestsError
from shared.safety.classifier import refused_by_negative_prompt, refused_category
from shared.safety.rules import RULES
from shared.services import Services
from shared.settings import Settings

Stage = Literal[
    "prompt", "negative_prompt", "enhanced_prompt", "message", "answer", "reference", "output"
]

NSFW = "nsfw"
"""Category of content that is refused only because of its mode."""


class ContentRefusedError(ContentPolicyError):
    """Content was refused. Carries the category, the stage and a digest of the text, to record."""

    def __init__(
        self, category: str, *, place: Stage, field: str, text: str, message: str | None = None
    ) -> None:
        super().__init__(
            message or f"This content is refused: {category}.",
            details=[{"field": field, "message": category, "type": "content_refused"}],
        )
        self.category = category
        self.place = place
        self.digest = hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def check_prompt(
    *texts: str | None, field: str, place: Stage = "prompt", negative: str | None = None
) -> None:
    """Refuse texts that are not allowed in any mode.

    Args:
        texts: The texts to check; None and empty texts are skipped.
        field: The field of the request, for the error's details.
        place: The stage at which the text is checked.
        negative: The negative prompt that belongs to the texts.

    Raises:
        ContentRefusedError: A text is refused. Names the category and never contains the text.
    """
    non_empty = [text for text in texts if text]
    for text in non_empty:
        if category := refused_category(text):
            raise ContentRefusedError(category, place=place, field=field, text=text)
    for text in non_empty if negative else ():
        if category := refused_by_negative_prompt(text, negative or ""):
            both = f"{text}\n{negative}"
            raise ContentRefusedError(category, place="negative_prompt", field=field, text=both)


async def check_mode(
    mode: ContentMode, prompt: str, *, field: str, user_id: UUID | None, services: Services
) -> None:
    """Allow ``nsfw`` only with a configured output classifier and a confirmed age of the user.

    Raises:
        ContentRefusedError: The mode is not available to this user.
    """
    if mode != NSFW:
        return
    why = "no output classifier is configured"
    if services.settings.output_classifier:
        async with services.database.transaction() as connection:
            if user_id and await decisions.has_confirmed_age(connection, user_id):
                return
        why = "it needs a confirmed age"
    message = f"This content is refused: {NSFW}; {why}."
    raise ContentRefusedError(NSFW, place="prompt", field=field, text=prompt, message=message)


@asynccontextmanager
async def recording_refusals(user_id: UUID | None, services: Services) -> AsyncIterator[None]:
    """Record each refusal raised in the block, even if the request's transaction rolls back.

    Raises:
        TooManyRequestsError: The user was refused too often; the block does not run.
    """
    await _check_throttle(user_id, services)
    try:
        yield
    except ContentRefusedError as refused:
        async with services.database.transaction() as connection:
            await record_refusal(connection, refused, user_id=user_id, settings=services.settings)
        raise


async def record_refusal(
    connection: Connection,
    refused: ContentRefusedError,
    *,
    user_id: UUID | None,
    settings: Settings,
) -> None:
    """Record a refusal with a keyed hash of the text, which reveals nothing without the key."""
    await decisions.insert(
        connection,
        user_id=user_id,
        place=refused.place,
        rule_version=RULES.version,
        categories=[refused.category],
        prompt_hash=prompt_hash(refused.digest, settings),
    )


def prompt_hash(digest: bytes, settings: Settings) -> bytes:
    """Return a keyed hash of a digest. A plain hash would confirm guesses of short prompts."""
    secret = settings.url_token_secret
    key = b"safety:" + (secret[0].get_secret_value().encode() if secret else b"")
    return hmac.digest(key, digest, hashlib.sha256)


async def _check_throttle(user_id: UUID | None, services: Services) -> None:
    limit = services.settings.safety_throttle_threshold
    if not (limit and user_id):
        return
    async with services.database.autocommit() as connection:
        seconds = await decisions.seconds_to_wait(
            connection,
            user_id,
            limit=limit,
            within_seconds=services.settings.safety_throttle_window_seconds,
            first_seconds=services.settings.safety_throttle_initial_seconds,
        )
    if seconds > 0:
        raise TooManyRequestsError(
            "Too many requests of this account were refused; wait before you try again.",
            code="slowed_down",
            retry_after_seconds=math.ceil(seconds),
        )
