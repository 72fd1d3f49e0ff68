"""The rules as data: read from one file that has a version."""

import re
import tomllib
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared.safety.normalizer import fold

FILE = Path(__file__).with_name("rules.toml")


def _folded(words: frozenset[str]) -> frozenset[str]:
    return frozenset(map(fold, words))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Context(_Part):
    """What a text can speak of."""

    words: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def pattern(self) -> str:
        """Any of its words, folded as texts are, to be put into another pattern."""
        return fold(f"(?:{'|'.join(self.words)})")

    @cached_property
    def word_pattern(self) -> re.Pattern[str]:
        """As words of their own."""
        return re.compile(rf"\b{self.pattern}\b")

    @cached_property
    def joined_pattern(self) -> re.Pattern[str]:
        """Put together from pieces: with no ending beyond them, for "a shot at dawn" is none."""
        return re.compile(rf"^{self.pattern}$".replace(r"\w*", ""), re.MULTILINE)

    @cached_property
    def substring_pattern(self) -> re.Pattern[str]:
        """Inside of a word too, for letters that stand one by one have lost their word's ends."""
        return re.compile(self.pattern)


class CombinationRule(_Part):
    """Two contexts that are harmless alone."""

    category: str
    contexts: tuple[str, str]
    across: bool
    """Also where the one is said in one message, and the other in another."""


class NegativePromptRule(_Part):
    """What is asked for by a prompt and by what its negative prompt leaves out."""

    category: str
    asked: str
    negative: str
    unless: str | None = None


class Rules(_Part):
    """All of them."""

    version: Annotated[str, Field(min_length=1)]
    ordinary: Annotated[frozenset[str], AfterValidator(_folded)] = frozenset()
    """Words that are no pieces of another word."""
    contexts: dict[str, Context]
    together: Annotated[tuple[CombinationRule, ...], Field(min_length=1)]
    left_out: tuple[NegativePromptRule, ...] = ()

    @classmethod
    def read(cls, file: Path = FILE) -> "Rules":
        """The rules of a file; one that is malformed ends the process that reads it."""
        return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))

    @cached_property
    def any_term_pattern(self) -> re.Pattern[str]:
        """Any word of any context: what most texts speak of none of."""
        return re.compile(
            rf"\b(?:{'|'.join(context.pattern for context in self.contexts.values())})\b"
        )

    @cached_property
    def run_together(self) -> dict[CombinationRule, re.Pattern[str]]:
        """The two contexts of each rule as one word."""
        return {rule: self._one_word(*rule.contexts) for rule in self.together}

    @model_validator(mode="after")
    def _knows_its_contexts(self) -> "Rules":
        named = {name for rule in self.together for name in rule.contexts}
        named |= {rule.asked for rule in self.left_out} | {rule.negative for rule in self.left_out}
        named |= {rule.unless for rule in self.left_out if rule.unless}
        if unknown := named ^ self.contexts.keys():
            raise ValueError(f"these contexts lack a rule, or a definition: {sorted(unknown)}")
        return self

    def _one_word(self, one: str, other: str) -> re.Pattern[str]:
        first, second = self.contexts[one].pattern, self.contexts[other].pattern
        return re.compile(rf"\b(?:{first}{second}|{second}{first})\b")


RULES = Rules.read()
"""The product's own."""
