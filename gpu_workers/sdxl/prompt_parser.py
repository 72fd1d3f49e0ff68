"""Parse prompt weights, ``(word:1.2)``, and LoRA tags, ``<lora:NAME:0.8>``."""

import re
from typing import NamedTuple

MAX_WEIGHT = 2.0
"""Above this weight a word suppresses all other words."""

_WEIGHTED = re.compile(r"\(([^()]+):(\d+(?:\.\d+)?|\.\d+)\)")
_LORA = re.compile(r"<lora:([^<>:]+)(?::(-?\d+(?:\.\d+)?))?>")


class Part(NamedTuple):
    """Text of one weight."""

    text: str
    weight: float


class Lora(NamedTuple):
    """A LoRA named by a prompt."""

    name: str
    weight: float


class Prompt(NamedTuple):
    """A parsed prompt."""

    parts: tuple[Part, ...]
    loras: tuple[Lora, ...]

    @property
    def text(self) -> str:
        """The text without weights and tags."""
        return "".join(part.text for part in self.parts)


def read(prompt: str) -> Prompt:
    """Parse a prompt. Whatever is no weight and no LoRA tag is text."""
    loras = tuple(Lora(name, float(weight or 1)) for name, weight in _LORA.findall(prompt))
    return Prompt(_parts(_LORA.sub("", prompt).strip()), loras)


def _parts(text: str) -> tuple[Part, ...]:
    parts, after = [], 0
    for match in _WEIGHTED.finditer(text):
        parts.append(Part(text[after : match.start()], 1.0))
        parts.append(Part(match[1], min(float(match[2]), MAX_WEIGHT)))
        after = match.end()
    parts.append(Part(text[after:], 1.0))
    return tuple(part for part in parts if part.text) or (Part("", 1.0),)
