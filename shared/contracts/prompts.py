"""Enhancing a prompt, and judging an enhancement."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Contract
from shared.contracts.jobs import Prompt
from shared.contracts.language_models import ChatModel
from shared.contracts.text import Text
from shared.contracts.worker_protocol import ContentMode

UseCase = Literal["enhancement", "chat", "roleplay"]

MAX_TEST_CASES = 50


def _absent(value: object) -> bool:
    return value is None


class EnhancePromptRequest(Contract):
    """``POST /enhance-prompt``."""

    prompt: Prompt
    model_type: ChatModel = "qwen_instruct"
    content_mode: ContentMode = "sfw"
    use_case: UseCase = "enhancement"


class EnhancementMetadata(Contract):
    """How an enhancement came about."""

    model_used: str
    """As the chat server calls it; ``rules`` where no model had a part in it."""
    template_used: str
    """The template's name; ``rules`` likewise."""
    enhancement_time_ms: int
    tokens: int
    """Of the enhanced prompt."""
    token_limit: int
    token_count_is_estimate: bool = True
    """The functions carry no tokenizer."""
    fallback_reason: str | None = Field(default=None, exclude_if=_absent)
    """Why it is by rules: a code, a colon and a sentence."""


class EnhancePromptResponse(Contract):
    """The prompt, said more fully."""

    success: bool = True
    enhanced_prompt: str
    original_prompt: str
    enhancement_metadata: EnhancementMetadata


class ValidateEnhancementRequest(Contract):
    """``POST /validate-enhancement-fix``."""

    original_prompt: Prompt
    enhanced_prompt: Prompt
    test_cases: Annotated[
        list[Annotated[str, Text(min_length=1, max_length=500)]],
        Field(min_length=1, max_length=MAX_TEST_CASES),
    ]
    """Each the name of a check, or a sentence that should be true of the enhancement."""


class ValidationResult(Contract):
    """What one test case came to."""

    test_case: str
    passed: bool
    """The score is 0.5 or more."""
    score: Annotated[float, Field(ge=0, le=1)]
    """Of a check that fails, under 0.5, whatever share of the prompt it found in order."""
    feedback: str
    """A sentence, with what it rests on."""


class ValidateEnhancementResponse(Contract):
    """A result for each test case, in the request's order."""

    success: bool = True
    validation_results: list[ValidationResult]
