"""The names of the language models."""

from typing import Literal

ChatModel = Literal["qwen_base", "qwen_instruct"]
"""The first goes on with a text, the second was taught to converse."""
