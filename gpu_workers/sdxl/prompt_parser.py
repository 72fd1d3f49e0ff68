"""What a prompt says beside its words: weights, ``(word:1.2)``, and LoRAs, ``<lora:NAME:0.8>``."""

import re
from typing import NamedTuple

MAX_WEIGHT = 2.0
"""Beyond it a word drowns all others."""

_WEIGHTED = re.compile(r"\(([^()]+):(\d+(?:\.\d+)?|\.\d+)\)")
_LORA = re.compile(r"<lora:([^<>:]+)(?::(-?\d+(?:\.\d+)?))?>")


class Part(NamedTuple):
    """Words of one weight."""

    text: str
    weight: float


class Lora(NamedTuple):
    """A LoRA that is asked for."""

    name: str
    weight: float


class Prompt(NamedTuple):
    """A prompt, read."""

    parts: tuple[Part, ...]
    loras: tuple[Lora, ...]

    @property
    def text(self) -> str:
        """The words alone."""
        return "".join(part.text for part in self.parts)


def read(written: str) -> Prompt:
    """Read a prompt. What is not written in one of the two ways is text."""
    loras = tuple(Lora(name, float(weight or 1)) for name, weight in _LORA.findall(written))
    return Prompt(_parts(_LORA.sub("", written).strip()), loras)


def _parts(text: str) -> tuple[Part, ...]:
    found, after = [], 0
    for match in _WEIGHTED.finditer(text):
        found.append(Part(text[after : match.start()], 1.0))
        found.append(Part(match[1], min(float(match[2]), MAX_WEIGHT)))
        after = match.end()
    found.append(Part(text[after:], 1.0))
    return tuple(part for part in found if part.text) or (Part("", 1.0),)
