"""The gates: what is refused, that it is kept as a refusal, and who is slowed down for it."""

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
"""The category of what is refused for its mode alone."""


class ContentRefusedError(ContentPolicyError):
    """A refusal that is to be kept: of which text, by its digest, and where."""

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
    """Refuse what may not be asked for in any mode, by ``field`` of the request.

    Raises:
        RefusedError: with the category, and never with the text.
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
    """Let ``nsfw`` pass where an output classifier is configured and the user's age confirmed.

    Raises:
        RefusedError: where it is not open to this user.
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
    """Keep each refusal that is raised within, whatever becomes of the request's own transaction.

    Raises:
        TooManyRequestsError: before anything is done, where the user was refused too often.
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
    """Keep a refusal, with a hash that tells nobody without our key what was refused."""
    await decisions.insert(
        connection,
        user_id=user_id,
        place=refused.place,
        rule_version=RULES.version,
        categories=[refused.category],
        prompt_hash=prompt_hash(refused.digest, settings),
    )


def prompt_hash(digest: bytes, settings: Settings) -> bytes:
    """A keyed hash: short prompts can be guessed, and a plain one would confirm the guess."""
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
            "Too much was refused from this account; wait before you ask for more.",
            code="slowed_down",
            retry_after_seconds=math.ceil(seconds),
        )
