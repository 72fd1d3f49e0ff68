"""Sampling settings of one reply: seed, temperature, top-p and maximum tokens."""

import random
from dataclasses import dataclass

from gpu_workers.chat.requests import ChatRequest

_SEED_BITS = 63


@dataclass(frozen=True)
class Sampling:
    """How the tokens of a reply are chosen; None uses the model's setting."""

    seed: int
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None


def sampling(request: ChatRequest, *, default_tokens: int, room: int) -> Sampling:
    """Return the sampling settings of a request.

    Args:
        request: the request.
        default_tokens: the maximum tokens if the request sets none.
        room: the tokens that the prompt leaves of the context; the upper bound.
    """
    max_tokens = request.max_completion_tokens or request.max_tokens or default_tokens
    return Sampling(
        seed=random.getrandbits(_SEED_BITS) if request.seed is None else request.seed,
        max_tokens=min(max_tokens, room),
        temperature=request.temperature,
        top_p=request.top_p,
    )
