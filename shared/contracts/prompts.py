"""enhance-prompt and validate-enhancement-fix models."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Contract
from shared.contracts.chat import ChatModel
from shared.contracts.jobs import Prompt
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
    """How an enhancement was generated."""

    model_used: str
    """The name of the model on the chat server; ``rules`` if no model was used."""
    template_used: str
    """The name of the template; ``rules`` if no model was used."""
    enhancement_time_ms: int
    tokens: int
    """Tokens of the enhanced prompt."""
    token_limit: int
    token_count_is_estimate: bool = True
    """Always true: the functions have no tokenizer."""
    fallback_reason: str | None = Field(default=None, exclude_if=_absent)
    """Why the rules were used: a code, a colon and a message."""


class EnhancePromptResponse(Contract):
    """The enhanced prompt."""

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
    """Each is the name of a check, or a statement that should be true of the enhancement."""


class ValidationResult(Contract):
    """Result of one test case."""

    test_case: str
    passed: bool
    """Whether the score is 0.5 or more."""
    score: Annotated[float, Field(ge=0, le=1)]
    """Below 0.5 for a failed check, whatever share of the prompt passed."""
    feedback: str
    """An explanation with the evidence."""


class ValidateEnhancementResponse(Contract):
    """A result for each test case, in the request's order."""

    success: bool = True
    validation_results: list[ValidationResult]
