"""How the tokens of one reply are chosen, and how many."""

import random
from dataclasses import dataclass

from gpu_workers.chat.requests import ChatRequest

_SEED_BITS = 63


@dataclass(frozen=True)
class Sampling:
    """What is None is the model's own setting."""

    seed: int
    max_tokens: int
    temperature: float | None = None
    top_p: float | None = None


def sampling(request: ChatRequest, *, default_tokens: int, room: int) -> Sampling:
    """What was asked for, within the ``room`` that the prompt leaves of the context, in tokens."""
    wanted = request.max_completion_tokens or request.max_tokens or default_tokens
    return Sampling(
        seed=random.getrandbits(_SEED_BITS) if request.seed is None else request.seed,
        max_tokens=min(wanted, room),
        temperature=request.temperature,
        top_p=request.top_p,
    )
