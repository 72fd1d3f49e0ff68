"""The loaded StableDiffusionXLPipeline. Importing this module takes seconds."""

import threading
from collections.abc import Callable
from typing import Any

import torch
from diffusers import StableDiffusionXLPipeline
from diffusers.utils import logging
from PIL import Image
from transformers.utils import logging as transformers_logging

from gpu_workers.runtime.pipeline import OnStep, RetryableError
from gpu_workers.runtime.settings import SdxlSettings
from gpu_workers.sdxl.tiny import tiny_model
from shared.contracts.letters import Parameters

_StepEnd = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]


class Model:
    """A model of SDXL's architecture: on the GPU in half precision, else on the CPU."""

    def __init__(self, settings: SdxlSettings) -> None:
        self._busy = threading.Lock()
        for one in (logging, transformers_logging):
            one.set_verbosity_error()  # Their warnings quote the prompt.
            one.disable_progress_bar()
        if settings.torch_threads:
            torch.set_num_threads(settings.torch_threads)
        on_gpu = torch.cuda.is_available()
        self._pipe = StableDiffusionXLPipeline.from_pretrained(
            settings.sdxl_model or tiny_model(settings.model_cache),
            dtype=_half() if on_gpu else torch.float32,
            add_watermarker=False,
        ).to("cuda" if on_gpu else "cpu")
        self._pipe.set_progress_bar_config(disable=True)

    @property
    def own_side(self) -> int:
        """The side of the square that it was trained on, in pixels."""
        return int(self._pipe.unet.config.sample_size * self._pipe.vae_scale_factor)

    @property
    def sampler(self) -> str:
        """Its scheduler's name."""
        name = type(self._pipe.scheduler).__name__
        return name.removesuffix("Scheduler").removesuffix("Discrete")

    def draw(
        self, wanted: Parameters, *, seed: int, size: tuple[int, int], on_step: OnStep
    ) -> Image.Image:
        """Draw one picture; where memory runs out, once more with the caches emptied.

        Raises:
            RetryableError: there is not enough memory.
        """
        try:
            return self._draw(wanted, seed, size, on_step)
        except torch.OutOfMemoryError:
            pass  # Only outside this block are the failed attempt's tensors let go.
        torch.cuda.empty_cache()
        try:
            return self._draw(wanted, seed, size, on_step)
        except torch.OutOfMemoryError:
            sentence = "The worker ran out of memory on this job."
            raise RetryableError("out_of_memory", sentence) from None

    def _draw(
        self, wanted: Parameters, seed: int, size: tuple[int, int], on_step: OnStep
    ) -> Image.Image:
        with self._busy:  # The scheduler keeps its place among the steps in itself.
            drawn = self._pipe(
                prompt=wanted.prompt,
                negative_prompt=wanted.negative_prompt,
                width=size[0],
                height=size[1],
                num_inference_steps=wanted.steps,
                guidance_scale=wanted.guidance_scale,
                # On the CPU, so that a seed begins with the same noise on every device.
                generator=torch.Generator("cpu").manual_seed(seed),
                callback_on_step_end=_step_end(on_step),
            )
        image: Image.Image = drawn.images[0]
        return image


def _half() -> torch.dtype:
    return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16


def _step_end(on_step: OnStep) -> _StepEnd:
    """The pipeline's own callback; what it raises ends the pipeline at once."""

    def step_end(pipe: Any, index: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - diffusers' own untyped signature
        on_step(index + 1, pipe.num_timesteps)
        return tensors

    return step_end
