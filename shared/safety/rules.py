"""Model of the rule file, rules.toml."""

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
    """A context: a topic that texts can mention, with its words."""

    words: Annotated[tuple[str, ...], Field(min_length=1)]

    @property
    def pattern(self) -> str:
        """A pattern of all words, folded as texts are, for use inside other patterns."""
        return fold(f"(?:{'|'.join(self.words)})")

    @cached_property
    def word_pattern(self) -> re.Pattern[str]:
        """Matches the words as complete words."""
        return re.compile(rf"\b{self.pattern}\b")

    @cached_property
    def joined_pattern(self) -> re.Pattern[str]:
        """Matches words joined from pieces, without endings: "a shot at dawn" is no match."""
        return re.compile(rf"^{self.pattern}$".replace(r"\w*", ""), re.MULTILINE)

    @cached_property
    def substring_pattern(self) -> re.Pattern[str]:
        """Matches inside of words too, since spaced characters have lost their word boundaries."""
        return re.compile(self.pattern)


class CombinationRule(_Part):
    """Two contexts that are harmless alone and refused together."""

    category: str
    contexts: tuple[str, str]
    across: bool
    """Whether it also applies to contexts in different messages of a conversation."""


class NegativePromptRule(_Part):
    """A context of a prompt that is refused if its negative prompt excludes another context."""

    category: str
    positive: str
    """The context of the prompt."""
    negative: str
    """The context that the negative prompt excludes."""
    unless: str | None = None


class Rules(_Part):
    """All rules of a file."""

    version: Annotated[str, Field(min_length=1)]
    ordinary: Annotated[frozenset[str], AfterValidator(_folded)] = frozenset()
    """Common short words that are not joined to candidates."""
    contexts: dict[str, Context]
    together: Annotated[tuple[CombinationRule, ...], Field(min_length=1)]
    left_out: tuple[NegativePromptRule, ...] = ()

    @classmethod
    def read(cls, file: Path = FILE) -> "Rules":
        """Read and validate a rule file.

        Raises:
            ValueError: The file is malformed.
        """
        return cls.model_validate(tomllib.loads(file.read_text(encoding="utf-8")))

    @cached_property
    def any_term_pattern(self) -> re.Pattern[str]:
        """Matches any word of any context. Most texts contain none, so this is checked first."""
        return re.compile(
            rf"\b(?:{'|'.join(context.pattern for context in self.contexts.values())})\b"
        )

    @cached_property
    def run_together(self) -> dict[CombinationRule, re.Pattern[str]]:
        """Patterns of each rule's two contexts written as one word."""
        return {rule: self._one_word(*rule.contexts) for rule in self.together}

    @model_validator(mode="after")
    def _check_contexts(self) -> "Rules":
        named = {name for rule in self.together for name in rule.contexts}
        named |= {name for rule in self.left_out for name in (rule.positive, rule.negative)}
        named |= {rule.unless for rule in self.left_out if rule.unless}
        if unknown := named ^ self.contexts.keys():
            raise ValueError(f"these contexts lack a rule, or a definition: {sorted(unknown)}")
        return self

    def _one_word(self, one: str, other: str) -> re.Pattern[str]:
        first, second = self.contexts[one].pattern, self.contexts[other].pattern
        return re.compile(rf"\b(?:{first}{second}|{second}{first})\b")


RULES = Rules.read()
"""The rules of this product."""
