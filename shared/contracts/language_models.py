"""Names of the language models."""

from typing import Literal

ChatModel = Literal["qwen_base", "qwen_instruct"]
"""The base model continues a text; the instruct model is trained for conversations."""
