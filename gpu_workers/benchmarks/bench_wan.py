"""WAN benchmarks (row 12): one step of the worker's model and of diffusers' pipeline."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import WanPipeline

from gpu_workers.benchmarks import model_builder, model_configs, random_weights
from gpu_workers.benchmarks.timer import Mark, device
from gpu_workers.benchmarks.types import PLAIN, WORKER, Bench, Benchmark, Prepared, Variant
from gpu_workers.runtime.settings import load_settings
from gpu_workers.wan.clip_format import round_frames, sides
from gpu_workers.wan.clip_request import ClipRequest
from gpu_workers.wan.model import Model
from gpu_workers.wan.reference_images import ReferenceFrames
from gpu_workers.wan.settings import WanSettings
from shared.contracts.worker_protocol import GenerationParams

_PARAMS = GenerationParams(
    prompt="a red star rises", negative_prompt="blurry", steps=2, guidance_scale=5.0, seed=7
)
"""Two steps: the second is timed, from the end of the first to the end of the second."""

_OnEnd = Callable[[], None]


class Pair:
    """The worker's model and the plain pipeline over the same files."""

    def __init__(self, folder: Path) -> None:
        self.worker = Model(
            load_settings(WanSettings).model_copy(update={"wan_model": str(folder)})
        )
        self.loaded = self.worker.select(ReferenceFrames())
        self.plain = _plain_pipeline(folder)
        # The worker shifts the schedule as Wan's reference code does; both must film the same.
        scheduler = self.loaded.pipe.scheduler
        self.plain.scheduler = type(scheduler).from_config(scheduler.config)
        clip_format = self.loaded.clip
        self.frames = round_frames(clip_format.frames, every=self.loaded.every)
        self.size = sides("16:9", side=clip_format.side, multiple=self.loaded.multiple)

    def filmed(self, on_end: _OnEnd) -> torch.Tensor:
        """Generate a clip with the worker's model."""
        order = ClipRequest(_PARAMS, ReferenceFrames(), _PARAMS.seed, self.frames, self.size)
        frames = self.worker.generate(order, lambda _step, _steps: on_end(), lambda _: None)
        return torch.from_numpy(frames)

    def filmed_plainly(self, on_end: _OnEnd) -> torch.Tensor:
        """Generate a clip with the plain pipeline."""

        def step_end(
            _pipe: object, _step: int, _time: object, callback_kwargs: dict[str, Any]
        ) -> Any:  # noqa: ANN401 - diffusers' untyped signature
            on_end()
            return callback_kwargs

        output = self.plain(
            _PARAMS.prompt,
            negative_prompt=_PARAMS.negative_prompt,
            width=self.size[0],
            height=self.size[1],
            num_frames=self.frames,
            num_inference_steps=_PARAMS.steps,
            guidance_scale=_PARAMS.guidance_scale,
            generator=torch.Generator("cpu").manual_seed(_PARAMS.seed),
            output_type="pt",
            callback_on_step_end=step_end,
        ).frames[0]
        frames: torch.Tensor = (output * 255).round().byte().permute(0, 2, 3, 1).cpu()
        return frames

    def flops(self) -> float:
        """Return the FLOPs of a step with CFG: two passes."""
        return 2 * random_weights.flops(self.plain.transformer, self._pass)

    def _pass(self, transformer: Any) -> object:  # noqa: ANN401 - diffusers has no types
        config, across = transformer.config, self.plain.vae_scale_factor_spatial
        frames = (self.frames - 1) // self.loaded.every + 1
        width, height = (side // across for side in self.size)
        film = torch.empty(1, config.in_channels, frames, height, width)
        return transformer(film, torch.empty(1), torch.empty(1, 512, config.text_dim))


def _prepare(size: str, bench: Bench) -> Prepared:
    pair = Pair(model_builder.wan(bench, size))
    cost, nothing = pair.flops(), lambda: None
    alike = random_weights.cosine(
        pair.filmed_plainly(nothing).double() - 127.5, pair.filmed(nothing).double() - 127.5
    )
    names = (f"Wan {size}", "Wan VAE")
    counted = (
        random_weights.parameters(pair.plain.transformer),
        random_weights.parameters(pair.plain.vae),
    )
    return Prepared(
        {
            PLAIN: Variant(lambda: _second_step(pair.filmed_plainly), 1, cost),
            WORKER: Variant(lambda: _second_step(pair.filmed), 1, cost),
        },
        alike,
        dict(zip(names, counted, strict=True)),
        {} if bench.toy else {name: model_configs.PARAMETERS[name] for name in names},
        {"width": pair.size[0], "height": pair.size[1], "frames": pair.frames},
    )


def _settings_used() -> dict[str, object]:
    return load_settings(WanSettings).model_dump(
        exclude={"wan_model", "wan_i2v_model", "model_cache"}
    )


ROWS = [
    Benchmark(f"12-{size}", f"Wan {size}, a step with CFG, 480p, 81 frames", "step",
        ("diffusers, bf16", "worker"), 1.6, 0.999, size, _settings_used, partial(_prepare, size))
    for size in model_configs.WAN
]  # fmt: skip


def _plain_pipeline(folder: Path) -> Any:  # noqa: ANN401 - the same
    """Load Wan as its model card does."""
    half = torch.bfloat16 if device() == "cuda" else torch.float32
    pipe: Any = WanPipeline.from_pretrained(folder, dtype={"default": half, "vae": torch.float32})
    pipe.to(device())
    pipe.set_progress_bar_config(disable=True)
    return pipe


def _second_step(film: Callable[[_OnEnd], object]) -> float:
    ends: list[Mark] = []
    film(lambda: ends.append(Mark()))
    return ends[0].seconds_until(ends[1])
