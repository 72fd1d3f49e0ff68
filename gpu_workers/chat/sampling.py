"""How the tokens of one reply are chosen, and how many."""

import random
from dataclasses import dataclass

from gpu_workers.chat.requests import ChatRequest

_SEED_BITS = 63


@dataclass(frozen=True)
class Sampling:
    """What is None is the model's own setting."""

    seed: int
    most_tokens: int
    temperature: float | None = None
    top_p: float | None = None


def sampling(asked: ChatRequest, *, default_tokens: int, room: int) -> Sampling:
    """What was asked for, within the ``room`` that the prompt leaves of the context, in tokens."""
    wanted = asked.max_completion_tokens or asked.max_tokens or default_tokens
    return Sampling(
        seed=random.getrandbits(_SEED_BITS) if asked.seed is None else asked.seed,
        most_tokens=min(wanted, room),
        temperature=asked.temperature,
        top_p=asked.top_p,
    )
