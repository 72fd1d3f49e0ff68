"""Chat benchmark (row 13): tokens per second of the worker's model and of plain generate()."""

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from gpu_workers.benchmarks import model_builder, model_configs, random_weights
from gpu_workers.benchmarks.timer import device, spread, timed
from gpu_workers.benchmarks.types import PLAIN, WORKER, Bench, Benchmark, Prepared, Variant
from gpu_workers.chat.model import Model
from gpu_workers.chat.sampling import Sampling
from gpu_workers.runtime.settings import ChatSettings, load_settings

_GREEDY = 0.0
_BATCH = 8
_PROMPT = "Tell me how to light a portrait by a window, in a few words."


class Comparison:
    """The worker's model and a plain transformers model over the same files.

    Args:
        folder: the model's folder.
        streams: replies of one run of the worker.
        tokens: tokens of a reply.
    """

    def __init__(self, folder: Path, *, streams: int, tokens: int) -> None:
        self.worker = Model(folder, threads=load_settings(ChatSettings).torch_threads)
        self.plain = _plain_model(folder)
        # Random weights would end a reply at any token, but all replies must be equally long.
        for model in (self.plain, _model(self.worker)):
            model.generation_config.eos_token_id = None
        self.worker.ends = frozenset()
        self.streams, self.tokens = streams, tokens
        self.prompt = self.worker.plain(_PROMPT)

    def replied(self, streams: int) -> None:
        """Generate replies with the worker's model, one after the other."""
        sampling = Sampling(seed=0, max_tokens=self.tokens, temperature=_GREEDY)
        for _ in range(streams):
            self.worker.generate(self.prompt, sampling, lambda _: False)

    def generated(self) -> None:
        """Generate one batch of replies with the plain model."""
        ids = torch.tensor([self.prompt] * _BATCH, device=self.plain.device)
        self.plain.generate(
            ids,
            attention_mask=torch.ones_like(ids),
            max_new_tokens=self.tokens,
            do_sample=False,
            pad_token_id=0,
        )

    @torch.no_grad()
    def cosine_similarity(self) -> float:
        """Return the cosine similarity of both models' logits for the prompt."""
        ids = torch.tensor([self.prompt], device=self.plain.device)
        return random_weights.cosine(self.plain(ids).logits, _model(self.worker)(ids).logits)

    def flops(self) -> float:
        """Return the FLOPs of one token: one forward pass."""
        return random_weights.flops(
            self.plain, lambda model: model(torch.ones(1, 1, dtype=torch.long))
        )

    @property
    def weights_bytes(self) -> int:
        """The bytes that each step reads, whatever the batch size."""
        return sum(
            parameter.numel() * parameter.element_size() for parameter in self.plain.parameters()
        )


def _prepare(bench: Bench) -> Prepared:
    streams, tokens = (2, 4) if bench.toy else (64, 64)
    pair = Comparison(model_builder.qwen(bench), streams=streams, tokens=tokens)
    flops, read_bytes = pair.flops(), pair.weights_bytes
    batch, total = _BATCH * tokens, streams * tokens
    alone = timed(lambda: pair.replied(1))
    alone()
    counted = {"Qwen 7B": random_weights.parameters(pair.plain)}
    return Prepared(
        {
            PLAIN: Variant(timed(pair.generated), batch, batch * flops, tokens * read_bytes),
            WORKER: Variant(
                timed(lambda: pair.replied(streams)), total, total * flops, total * read_bytes
            ),
        },
        pair.cosine_similarity(),
        counted,
        {} if bench.toy else {name: model_configs.PARAMETERS[name] for name in counted},
        {
            "streams": streams,
            "alone_tokens_a_second": tokens / spread([alone() for _ in "123"]).median,
        },
    )


def _settings_used() -> dict[str, object]:
    return load_settings(ChatSettings).model_dump(include={"chat_queue_size", "torch_threads"})


ROWS = [
    Benchmark("13", "chat, 64 streams of 64 tokens", "token",
        ("generate(), a batch of 8", "worker"), 5, 0.999, "qwen", _settings_used, _prepare),
]  # fmt: skip


def _plain_model(folder: Path) -> Any:  # noqa: ANN401 - transformers' classes
    dtype = torch.bfloat16 if device() == "cuda" else torch.float32
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    return model.to(device())


def _model(worker: Model) -> Any:  # noqa: ANN401 - the same
    return worker._model  # noqa: SLF001 - the benchmark measures the worker's model itself
