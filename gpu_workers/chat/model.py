"""Causal language model and its tokenizer. Importing this module takes seconds."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from jinja2 import TemplateError
from transformers import AutoModelForCausalLM, AutoTokenizer, StoppingCriteria

from gpu_workers.chat.errors import invalid
from gpu_workers.chat.requests import Message
from gpu_workers.chat.sampling import Sampling

OnToken = Callable[[int], bool]
"""Called with each generated token; returns True to end the text after it."""

_GREEDY_BELOW = 0.01
"""Below this temperature only the likeliest token would be drawn, and the division overflows."""


class Model:
    """A causal language model: on the GPU in its saved precision, else on the CPU in float32.

    Args:
        name: a folder or a hub id.
        threads: threads of one CPU operation; None lets torch choose.
    """

    def __init__(self, name: str | Path, *, threads: int | None) -> None:
        if threads:
            torch.set_num_threads(threads)
        on_gpu = torch.cuda.is_available()
        self._model: Any = AutoModelForCausalLM.from_pretrained(
            name,
            dtype="auto" if on_gpu else torch.float32,
            device_map="cuda" if on_gpu else "cpu",
        )
        self._tokenizer: Any = AutoTokenizer.from_pretrained(name)
        self._settings = self._model.generation_config
        self.context: int = self._model.config.get_text_config().max_position_embeddings
        """The maximum number of tokens of a prompt and its reply together."""
        self.ends = _ends(self._settings.eos_token_id, self._tokenizer.eos_token_id)

    @property
    def has_template(self) -> bool:
        """Whether the tokenizer has a chat template."""
        return bool(self._tokenizer.chat_template)

    def conversation(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a conversation by the chat template, up to where the reply begins.

        Raises:
            ApiError: the template does not accept this order of roles.
        """
        turns = [
            {"role": message.role, "content": self._escape_special_tokens(message.content)}
            for message in messages
        ]
        try:
            text = self._tokenizer.apply_chat_template(
                turns, tokenize=False, add_generation_prompt=True, enable_thinking=False
            )
        except TemplateError:
            message = "This model does not take messages in such an order of roles."
            raise invalid(message, param="messages") from None
        return self._tokens(text, add_special_tokens=False)

    def plain(self, text: str) -> list[int]:
        """Return the tokens of a text for the model to continue, without the chat template."""
        return self._tokens(self._escape_special_tokens(text), add_special_tokens=True)

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, without special tokens."""
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def generate(self, prompt: Sequence[int], sampling: Sampling, on_token: OnToken) -> None:
        """Generate tokens until an end token, until ``on_token`` returns True, or to the maximum.

        Args:
            prompt: the tokens to continue.
            sampling: the seed, the maximum number of tokens and how they are chosen.
            on_token: called with each token.
        """
        torch.manual_seed(sampling.seed)
        ids = torch.tensor([prompt], device=self._model.device)
        self._model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=sampling.max_tokens,
            num_beams=1,
            stopping_criteria=[_EachToken(on_token)],
            pad_token_id=min(self.ends, default=0),
            **self._options(sampling),
        )

    def _options(self, sampling: Sampling) -> dict[str, Any]:
        if sampling.temperature is not None and sampling.temperature < _GREEDY_BELOW:
            return {"do_sample": False}
        options = {"temperature": sampling.temperature, "top_p": sampling.top_p}
        chosen = {name: value for name, value in options.items() if value is not None}
        # Without a setting of the model or the caller, the library would choose among 50 tokens.
        return {"do_sample": True, "top_k": self._settings.top_k or 0, **chosen}

    def _tokens(self, text: str, *, add_special_tokens: bool) -> list[int]:
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return tokens

    def _escape_special_tokens(self, text: str) -> str:
        """Break up special tokens in a message, so that it cannot end its turn or add one."""
        for token in self._tokenizer.all_special_tokens:
            text = text.replace(token, f"{token[:1]} {token[1:]}")
        return text


class _EachToken(StoppingCriteria):
    """Calls ``on_token`` with each generated token."""

    def __init__(self, on_token: OnToken) -> None:
        self._on_token = on_token

    def __call__(
        self,
        input_ids: torch.Tensor,
        scores: object,  # noqa: ARG002 - the library's signature
        **_: object,
    ) -> torch.Tensor:
        stop = self._on_token(int(input_ids[0, -1]))
        return torch.tensor([stop], device=input_ids.device)


def _ends(*candidates: int | list[int] | None) -> frozenset[int]:
    """Return the tokens that end a text: the model's, else the tokenizer's."""
    for tokens in candidates:
        if tokens is not None:
            return frozenset([tokens] if isinstance(tokens, int) else tokens)
    return frozenset()
