"""A prompt, said more fully: by a language model and a template, or by rules where none answers."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from shared import safety
from shared.clients.chat import Asked, Message, NoReplyError
from shared.contracts.job_catalog import Media, Quality
from shared.contracts.language_models import ChatModel
from shared.contracts.prompts import UseCase
from shared.contracts.worker_protocol import ContentMode
from shared.db.queries import prompt_templates
from shared.db.queries.prompt_templates import Template
from shared.prompts import output_cleanup
from shared.prompts.output_cleanup import Layout
from shared.prompts.rules import rule_enhancer
from shared.prompts.rules.language import language
from shared.prompts.rules.tokens import estimate_tokens
from shared.prompts.rules.word_checks import preserves_subject
from shared.services import Services

Target = Literal["sdxl", "wan"]

TOKEN_LIMIT = 75
"""What SDXL reads at once: windows of 77, begin and end included."""

LEAST_KEPT = 0.5
"""Of the prompt's words. An answer that keeps fewer is a refusal, or about something else."""

_TEMPERATURE = 0.7
_TOKENS_PER_TOKEN = 2
"""At most as many of the language model's for one of the picture's model: the rest is cut."""

_LAYOUTS: dict[UseCase, Layout] = {
    "enhancement": Layout("Description", "Prompt", is_one_line=True, is_prose=False),
    "chat": Layout("Message", "Rewritten", is_one_line=False, is_prose=True),
    "roleplay": Layout("Idea", "Opening", is_one_line=False, is_prose=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A prompt, and what it is for. It has passed the safety check."""

    prompt: str
    model: ChatModel = "qwen_instruct"
    target: Target | None = None
    """The picture's model, where it is known."""
    use_case: UseCase = "enhancement"
    content_mode: ContentMode = "sfw"
    media: Media = "image"
    quality: Quality = "high"


class Enhancement(NamedTuple):
    """What a prompt has become."""

    text: str
    model_used: str
    template_used: str
    milliseconds: int
    token_limit: int
    fallback_reason: str | None
    """Why it is by rules: a code, a colon and a sentence."""

    @property
    def tokens(self) -> int:
        """Of the text, by an estimate."""
        return estimate_tokens(self.text)


class _Unfit(Exception):  # noqa: N818 - it is a reason, and goes no further than this module
    """There is no answer, or none that can stand for the prompt."""


async def enhance(wanted: Wanted, services: Services) -> Enhancement:
    """Say a prompt more fully, within its target's tokens and the time of one request.

    Raises:
        ContentRefusedError: where what it has become is refused.
    """
    began = services.clock()
    template = await _template(wanted, services)
    limit = template.token_limit if template else TOKEN_LIMIT
    model_used, reason = services.chat_client.name_of(wanted.model), None
    try:
        text, template_used = await _rewritten(wanted, template, services)
    except _Unfit as problem:
        model_used = template_used = rule_enhancer.RULES
        text, reason = _by_rules(wanted, limit), str(problem)
    safety.check(text, field="enhanced_prompt", place="enhanced_prompt")
    milliseconds = round((services.clock() - began) * 1000)
    return Enhancement(text, model_used, template_used, milliseconds, limit, reason)


async def _template(wanted: Wanted, services: Services) -> Template | None:
    async with services.database.transaction() as connection:
        return await prompt_templates.active(
            connection,
            model_type=wanted.target or wanted.model,
            use_case=wanted.use_case,
            content_mode=wanted.content_mode,
        )


async def _rewritten(
    wanted: Wanted, template: Template | None, services: Services
) -> tuple[str, str]:
    """What the model makes of the prompt, and the template's name."""
    if template is None:
        raise _Unfit("no_template: There is no template for this.")
    layout = _layout(wanted)
    asked = Asked(
        model=wanted.model,
        messages=[Message("system", template.system_prompt), _message(wanted, layout)],
        most_tokens=template.token_limit * _TOKENS_PER_TOKEN,
        temperature=_TEMPERATURE,
    )
    seconds = services.settings.enhancement_timeout_seconds
    try:
        said = await services.chat_client.ask(asked, seconds=seconds)
    except NoReplyError as problem:
        raise _Unfit(f"{problem.reason}: {problem.sentence}") from None
    text = output_cleanup.cut(
        output_cleanup.clean(said.text, layout),
        template.token_limit,
        is_prose=layout.is_prose,
        is_unfinished=said.finish_reason == "length",
    )
    _check_fit(wanted, text, template.token_limit)
    return text, template.template_name


def _message(wanted: Wanted, layout: Layout) -> Message:
    """The prompt, written as in the template's examples; a base model goes on from there."""
    text = f"{layout.source}: {wanted.prompt}"
    if wanted.model == "qwen_base" and wanted.target is None:
        text = f"{text}\n{layout.result}:"
    return Message("user", text)


def _check_fit(wanted: Wanted, text: str, limit: int) -> None:
    if not text:
        raise _Unfit("empty: The chat worker's answer holds no prompt.")
    if wanted.use_case != "enhancement" or language(wanted.prompt) == "other":
        return
    if preserves_subject(wanted.prompt, text, limit).score < LEAST_KEPT:
        raise _Unfit("unfaithful: The chat worker's answer does not keep the prompt's words.")


def _layout(wanted: Wanted) -> Layout:
    """As the use case has it; a prompt for Wan is a paragraph of sentences."""
    return _LAYOUTS[wanted.use_case]._replace(
        is_prose=wanted.target == "wan" or _LAYOUTS[wanted.use_case].is_prose
    )


def _by_rules(wanted: Wanted, limit: int) -> str:
    """The rules know pictures alone: a message or an idea stays as it is."""
    if wanted.use_case != "enhancement":
        return wanted.prompt
    return rule_enhancer.enhance(
        wanted.prompt, media=wanted.media, quality=wanted.quality, token_limit=limit
    ).text
