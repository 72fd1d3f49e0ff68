"""SDXL benchmarks (rows 9 to 11): the worker's model and diffusers' fp16 defaults."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionXLPipeline
from PIL import Image

from gpu_workers.benchmarks import model_builder, model_configs, random_weights
from gpu_workers.benchmarks.timer import device, spread, timed
from gpu_workers.benchmarks.types import PLAIN, WORKER, Bench, Benchmark, Prepared, Variant
from gpu_workers.runtime.settings import load_settings
from gpu_workers.sdxl import prompt_parser
from gpu_workers.sdxl.image_request import ImageRequest
from gpu_workers.sdxl.model import Model
from gpu_workers.sdxl.settings import SdxlSettings

_PROMPT, _NEGATIVE, _SEED = "a red star on blue", "blurry", 7
_STEPS, _GUIDANCE = 25, 7.5
_COMPARED_STEPS = 2
"""Steps of the pictures whose similarity is measured: rounding errors add up with each step."""


class Pair:
    """The worker's model and the plain pipeline over the same files."""

    def __init__(self, bench: Bench) -> None:
        folder = model_builder.sdxl(bench)
        self.worker = Model(
            load_settings(SdxlSettings).model_copy(update={"sdxl_model": str(folder)})
        )
        self.plain = plain_pipeline(folder)
        side = 64 if bench.toy else 1024
        self.size = (side, side)
        self.expected = {} if bench.toy else {
            name: model_configs.PARAMETERS[name] for name in ("SDXL UNet", "SDXL VAE")
        }  # fmt: skip

    def drawn(self, steps: int, guidance: float = _GUIDANCE, many: int = 1) -> list[Image.Image]:
        """Draw ``many`` pictures with the worker's model."""
        prompt, negative = prompt_parser.read(_PROMPT), prompt_parser.read(_NEGATIVE)
        request = ImageRequest(prompt, negative, steps, guidance, _SEED, self.size)
        return self.worker.generate([request] * many, _ignore_step, _no_preview)

    def drawn_plainly(self, steps: int) -> list[Image.Image]:
        """Draw one picture with the plain pipeline."""
        return drawn_plainly(self.plain, steps, self.size)

    def flops(self, steps: int, *, guided: bool = True) -> float:
        """Return the FLOPs of one picture: its steps and its decoding."""
        unet, vae = self.plain.unet, self.plain.vae
        latents = [side // self.plain.vae_scale_factor for side in self.size]
        each = random_weights.flops(unet, lambda model: step(model, 1 + guided, latents))
        shape = (1, vae.config.latent_channels, *latents)
        decoding = random_weights.flops(vae, lambda model: model.decode(torch.empty(shape)))
        return steps * each + decoding

    def prepared(self, sides: dict[str, Variant], **more: float) -> Prepared:
        """Return the prepared benchmark with the checks that all SDXL rows share."""
        counted = {
            "SDXL UNet": random_weights.parameters(self.plain.unet),
            "SDXL VAE": random_weights.parameters(self.plain.vae),
        }
        return Prepared(sides, self._similarity(), counted, self.expected, more)

    def _similarity(self) -> float:
        """Compare pictures of both sides in the worker's precision: it changes the noise."""
        worker_dtype, plain_dtype = _pipe(self.worker).unet.dtype, self.plain.unet.dtype
        self.plain.to(worker_dtype)
        plain, worker = self.drawn_plainly(_COMPARED_STEPS), self.drawn(_COMPARED_STEPS)
        self.plain.to(plain_dtype)
        return random_weights.cosine(_pixels(plain), _pixels(worker))

    def vae_share(self, steps: int) -> float:
        """Return the part of a picture's time, without guidance, that the decoding takes."""
        vae = _pipe(self.worker).vae
        latents = [side // self.plain.vae_scale_factor for side in self.size]
        shape = (1, vae.config.latent_channels, *latents)
        noise = torch.randn(shape, device=device(), dtype=vae.dtype)

        @torch.no_grad()
        def decode() -> None:
            vae.decode(noise)

        return _median(decode) / _median(lambda: self.drawn(steps, 0))


def plain_pipeline(folder: Path) -> Any:  # noqa: ANN401 - diffusers has no types
    """Load SDXL as diffusers' documentation does: in fp16 on a GPU."""
    dtype = torch.float16 if device() == "cuda" else torch.float32
    pipe: Any = StableDiffusionXLPipeline.from_pretrained(
        folder, dtype=dtype, add_watermarker=False
    ).to(device())
    pipe.set_progress_bar_config(disable=True)
    return pipe


def drawn_plainly(pipe: Any, steps: int, size: Sequence[int]) -> list[Image.Image]:  # noqa: ANN401 - the same
    """Draw one picture with a plain pipeline."""
    generator = torch.Generator("cpu").manual_seed(_SEED)
    return list(
        pipe(
            _PROMPT,
            negative_prompt=_NEGATIVE,
            width=size[0],
            height=size[1],
            num_inference_steps=steps,
            guidance_scale=_GUIDANCE,
            generator=generator,
        ).images
    )


def one_picture(bench: Bench) -> Prepared:
    """Prepare row 9: one picture."""
    pair, steps = Pair(bench), 2 if bench.toy else _STEPS
    cost = pair.flops(steps)
    plain = Variant(timed(lambda: pair.drawn_plainly(steps)), 1, cost)
    return pair.prepared({PLAIN: plain, WORKER: Variant(timed(lambda: pair.drawn(steps)), 1, cost)})


def batches(bench: Bench) -> Prepared:
    """Prepare row 10: batches of pictures."""
    pair, steps = Pair(bench), 2 if bench.toy else _STEPS
    cost, many = pair.flops(steps), pair.worker.max_batch
    plain = Variant(timed(lambda: pair.drawn_plainly(steps)), 1, cost)
    worker = Variant(timed(lambda: pair.drawn(steps, many=many)), many, many * cost)
    return pair.prepared({PLAIN: plain, WORKER: worker}, batch=many)


def few_steps(bench: Bench) -> Prepared:
    """Prepare row 11: few steps against many, both with the worker's model."""
    pair, (many, few) = Pair(bench), (4, 1) if bench.toy else (30, 4)
    slow = Variant(timed(lambda: pair.drawn(many)), 1, pair.flops(many))
    fast = Variant(timed(lambda: pair.drawn(few, 0)), 1, pair.flops(few, guided=False))
    pair.drawn(few, 0)
    return pair.prepared({PLAIN: slow, WORKER: fast}, vae_share=pair.vae_share(few))


def settings_used() -> dict[str, object]:
    """Return the worker's settings from the environment, for the key of the results."""
    return load_settings(SdxlSettings).model_dump(exclude={"sdxl_model", "model_cache"})


ROWS = [
    Benchmark("9", "SDXL, 1024x1024, 25 steps, CFG, one picture", "picture",
        ("diffusers, fp16", "worker"), 1.7, 0.999, "sdxl", settings_used, one_picture),
    Benchmark("10", "SDXL, the same, in batches", "picture",
        ("diffusers, fp16, one at a time", "worker, a batch"), 2.5, 0.999, "sdxl",
        settings_used, batches),
    Benchmark("11", "SDXL, 4 steps without CFG", "picture",
        ("worker, 30 steps with CFG", "worker, 4 steps"), 9, 0.999, "sdxl",
        settings_used, few_steps),
]  # fmt: skip


def step(unet: Any, batch: int, latents: Sequence[int]) -> object:  # noqa: ANN401 - the same
    """Run one pass of the UNet, on inputs of the shapes in its config."""
    config = unet.config
    pooled = config.projection_class_embeddings_input_dim - 6 * config.addition_time_embed_dim
    conditions = {"text_embeds": torch.empty(batch, pooled), "time_ids": torch.empty(batch, 6)}
    words = torch.empty(batch, 77, config.cross_attention_dim)
    shape = (batch, config.in_channels, *latents)
    return unet(torch.empty(shape), torch.tensor(1.0), words, added_cond_kwargs=conditions)


def _pixels(pictures: Sequence[Image.Image]) -> torch.Tensor:
    return (
        torch.from_numpy(np.stack([np.asarray(picture) for picture in pictures])).double() - 127.5
    )


def _median(work: Callable[[], object]) -> float:
    measure = timed(work)
    measure()
    return spread([measure() for _ in range(3)]).median


def _pipe(worker: Model) -> Any:  # noqa: ANN401 - the same
    return worker._pipe  # noqa: SLF001 - the benchmark measures the worker's model itself


def _ignore_step(_step: int, _steps: int) -> None:
    pass


def _no_preview(_: Callable[[int], Image.Image]) -> None:
    pass
