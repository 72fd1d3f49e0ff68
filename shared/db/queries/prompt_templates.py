"""prompt_templates: system prompts of the language models."""

from dataclasses import dataclass

from psycopg.rows import class_row

from shared.contracts.worker_protocol import ContentMode
from shared.db.connection import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A system prompt, and the maximum tokens of the prompt that a model writes."""

    template_name: str
    system_prompt: str
    token_limit: int


async def active(
    connection: Connection, *, model_type: str, use_case: str, content_mode: ContentMode
) -> Template | None:
    """Return the active template of a model, use case and mode; None if there is none."""
    rows = connection.cursor(row_factory=class_row(Template))
    await rows.execute(
        """
        select template_name, system_prompt, token_limit from prompt_templates
        where model_type = %(model_type)s and use_case = %(use_case)s
            and content_mode = %(content_mode)s and is_active
        """,
        {"model_type": model_type, "use_case": use_case, "content_mode": content_mode},
    )
    return await rows.fetchone()
