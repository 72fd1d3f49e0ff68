"""Enhance a prompt with a language model, or by rules as fallback."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from shared import safety
from shared.clients.chat import ChatRequest, ChatUnavailableError, Message
from shared.contracts.chat import ChatModel
from shared.contracts.job_catalog import MediaType, Quality
from shared.contracts.prompts import UseCase
from shared.contracts.worker_protocol import ContentMode
from shared.db.queries import prompt_templates
from shared.db.queries.prompt_templates import Template
from shared.prompts import output_cleanup
from shared.prompts.output_cleanup import OutputFormat
from shared.prompts.rules import rule_enhancer
from shared.prompts.rules.checks import preserves_subject
from shared.prompts.rules.language import language
from shared.prompts.rules.tokens import estimate_tokens
from shared.services import Services

Target = Literal["sdxl", "wan"]

TOKEN_LIMIT = 75
"""CLIP tokens that SDXL reads at once: windows of 77, including start and end."""

MIN_KEPT = 0.5
"""Minimum share of the prompt's words in the output. Fewer suggest a refusal or another topic."""

_TEMPERATURE = 0.7
_TOKENS_PER_TOKEN = 2
"""Maximum tokens of the language model for one CLIP token; longer outputs are truncated."""

_LAYOUTS: dict[UseCase, OutputFormat] = {
    "enhancement": OutputFormat("Description", "Prompt", is_one_line=True, is_prose=False),
    "chat": OutputFormat("Message", "Rewritten", is_one_line=False, is_prose=True),
    "roleplay": OutputFormat("Idea", "Opening", is_one_line=False, is_prose=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class EnhancementRequest:
    """A prompt to enhance, and its use. It must have passed the safety check."""

    prompt: str
    model: ChatModel = "qwen_instruct"
    target: Target | None = None
    """The image or video model, if it is known."""
    use_case: UseCase = "enhancement"
    content_mode: ContentMode = "sfw"
    media: MediaType = "image"
    quality: Quality = "high"


class EnhancementResult(NamedTuple):
    """An enhanced prompt, and how it was generated."""

    text: str
    model_used: str
    template_used: str
    milliseconds: int
    token_limit: int
    fallback_reason: str | None
    """Why the rules were used: a code, a colon and a message."""

    @property
    def tokens(self) -> int:
        """Estimated CLIP tokens of the text."""
        return estimate_tokens(self.text)


class _UnusableOutputError(Exception):
    """There is no model output, or it cannot replace the prompt."""


async def enhance(request: EnhancementRequest, services: Services) -> EnhancementResult:
    """Enhance a prompt within the token limit of its template and the enhancement timeout.

    Falls back to rules if there is no template or no usable output of the model.

    Raises:
        ContentRefusedError: The enhanced prompt is refused.
    """
    began = services.clock()
    template = await _template(request, services)
    limit = template.token_limit if template else TOKEN_LIMIT
    model_used, reason = services.chat_client.name_of(request.model), None
    try:
        text, template_used = await _enhance_with_model(request, template, services)
    except _UnusableOutputError as problem:
        model_used = template_used = rule_enhancer.RULES
        text, reason = _enhance_by_rules(request, limit), str(problem)
    safety.check_prompt(text, field="enhanced_prompt", place="enhanced_prompt")
    milliseconds = round((services.clock() - began) * 1000)
    return EnhancementResult(text, model_used, template_used, milliseconds, limit, reason)


async def _template(request: EnhancementRequest, services: Services) -> Template | None:
    async with services.database.transaction() as connection:
        return await prompt_templates.active(
            connection,
            model_type=request.target or request.model,
            use_case=request.use_case,
            content_mode=request.content_mode,
        )


async def _enhance_with_model(
    request: EnhancementRequest, template: Template | None, services: Services
) -> tuple[str, str]:
    """Return the model's enhanced prompt, and the name of the template."""
    if template is None:
        raise _UnusableOutputError("no_template: No template is configured for this request.")
    layout = _layout(request)
    chat_request = ChatRequest(
        model=request.model,
        messages=[Message("system", template.system_prompt), _message(request, layout)],
        max_tokens=template.token_limit * _TOKENS_PER_TOKEN,
        temperature=_TEMPERATURE,
    )
    seconds = services.settings.enhancement_timeout_seconds
    try:
        completion = await services.chat_client.complete(chat_request, seconds=seconds)
    except ChatUnavailableError as problem:
        raise _UnusableOutputError(f"{problem.reason}: {problem.message}") from None
    text = output_cleanup.truncate(
        output_cleanup.extract_prompt(completion.text, layout),
        template.token_limit,
        is_prose=layout.is_prose,
        is_unfinished=completion.finish_reason == "length",
    )
    _check_fit(request, text, template.token_limit)
    return text, template.template_name


def _message(request: EnhancementRequest, layout: OutputFormat) -> Message:
    """Format the prompt like the template's examples; a base model continues the text."""
    text = f"{layout.source}: {request.prompt}"
    if request.model == "qwen_base" and request.target is None:
        text = f"{text}\n{layout.result}:"
    return Message("user", text)


def _check_fit(request: EnhancementRequest, text: str, limit: int) -> None:
    if not text:
        raise _UnusableOutputError("empty: The chat worker's response contains no prompt.")
    if request.use_case != "enhancement" or language(request.prompt) == "other":
        return
    if preserves_subject(request.prompt, text, limit).score < MIN_KEPT:
        raise _UnusableOutputError(
            "unfaithful: The chat worker's response does not keep the prompt's words."
        )


def _layout(request: EnhancementRequest) -> OutputFormat:
    """Return the format of the use case; a prompt for Wan is always prose."""
    return _LAYOUTS[request.use_case]._replace(
        is_prose=request.target == "wan" or _LAYOUTS[request.use_case].is_prose
    )


def _enhance_by_rules(request: EnhancementRequest, limit: int) -> str:
    """Enhance an image or video prompt by rules; other texts stay unchanged."""
    if request.use_case != "enhancement":
        return request.prompt
    return rule_enhancer.enhance(
        request.prompt, media=request.media, quality=request.quality, token_limit=limit
    ).text
