"""cog: one prediction at a time; no queue."""

from cog import BasePredictor, Input  # type: ignore[import-not-found]


class Predictor(BasePredictor):  # type: ignore[misc]
    """Does nothing."""

    def predict(self, prompt: str = Input(description="what to draw")) -> str:
        """Return the prompt."""
        return prompt
