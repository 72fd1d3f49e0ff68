"""BentoML: a task, whose jobs wait in a table of SQLite."""

import bentoml  # type: ignore[import-not-found]


@bentoml.service
class Pictures:
    """Draws nothing."""

    @bentoml.task  # type: ignore[untyped-decorator]
    def picture(self, prompt: str) -> str:
        """Return the prompt."""
        return prompt
