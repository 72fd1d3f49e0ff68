"""A loaded language model and its tokenizer. Importing this module takes seconds."""

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
"""Called with each token as it is made; True ends the text with it."""

_GREEDY_BELOW = 0.01
"""A temperature under which only the likeliest token is ever drawn, and the division overflows."""


class Model:
    """A causal language model: on the GPU in its own precision, else on the CPU."""

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
        """The most tokens of a prompt and its reply together."""
        self.ends = _ends(self._settings.eos_token_id, self._tokenizer.eos_token_id)

    @property
    def has_template(self) -> bool:
        """Whether it was taught to converse."""
        return bool(self._tokenizer.chat_template)

    def conversation(self, messages: Sequence[Message]) -> list[int]:
        """The model's own way to write a conversation, up to where its reply begins.

        Raises:
            RefusedError: its template does not take such a conversation.
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
            sentence = "This model does not take messages in such an order of roles."
            raise invalid(sentence, param="messages") from None
        return self._tokens(text, add_special_tokens=False)

    def plain(self, text: str) -> list[int]:
        """The tokens of a text that the model goes on with."""
        return self._tokens(self._escape_special_tokens(text), add_special_tokens=True)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens, without the marks of turns."""
        text: str = self._tokenizer.decode(
            tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return text

    def generate(self, prompt: Sequence[int], how: Sampling, on_token: OnToken) -> None:
        """Make tokens until one ends the text, ``on_token`` says so, or there are enough."""
        torch.manual_seed(how.seed)
        ids = torch.tensor([prompt], device=self._model.device)
        self._model.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=how.max_tokens,
            num_beams=1,
            stopping_criteria=[_EachToken(on_token)],
            pad_token_id=min(self.ends, default=0),
            **self._choice(how),
        )

    def _choice(self, how: Sampling) -> dict[str, Any]:
        if how.temperature is not None and how.temperature < _GREEDY_BELOW:
            return {"do_sample": False}
        options = {"temperature": how.temperature, "top_p": how.top_p}
        chosen = {name: value for name, value in options.items() if value is not None}
        # The library would choose among 50 tokens where neither model nor caller said anything.
        return {"do_sample": True, "top_k": self._settings.top_k or 0, **chosen}

    def _tokens(self, text: str, *, add_special_tokens: bool) -> list[int]:
        tokens: list[int] = self._tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return tokens

    def _escape_special_tokens(self, text: str) -> str:
        """The text, where a mark of turns written in it is no mark: nobody ends his own turn."""
        for mark in self._tokenizer.all_special_tokens:
            text = text.replace(mark, f"{mark[:1]} {mark[1:]}")
        return text


class _EachToken(StoppingCriteria):
    """Hands each token over as it is made."""

    def __init__(self, on_token: OnToken) -> None:
        self._on_token = on_token

    def __call__(
        self,
        input_ids: torch.Tensor,
        scores: object,  # noqa: ARG002 - the library's own signature
        **_: object,
    ) -> torch.Tensor:
        stop = self._on_token(int(input_ids[0, -1]))
        return torch.tensor([stop], device=input_ids.device)


def _ends(*known: int | list[int] | None) -> frozenset[int]:
    """The tokens that end a text: the model's, else its tokenizer's."""
    for one in known:
        if one is not None:
            return frozenset([one] if isinstance(one, int) else one)
    return frozenset()
