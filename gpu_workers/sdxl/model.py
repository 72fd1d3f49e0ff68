"""The loaded model: pictures in, out of memory and back. Importing this module takes seconds."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from diffusers.utils import logging
from PIL import Image
from transformers.utils import logging as transformers_logging

from gpu_workers.runtime.pipeline import OnStep, RetryableError
from gpu_workers.sdxl import optimizations
from gpu_workers.sdxl.diffusers_pipelines import Ways, load_pipeline
from gpu_workers.sdxl.image_request import ImageRequest
from gpu_workers.sdxl.latent_preview import LatentPreviewer
from gpu_workers.sdxl.loras import Loras
from gpu_workers.sdxl.prompt_encoder import Encoder
from gpu_workers.sdxl.prompt_parser import Prompt
from gpu_workers.sdxl.settings import SdxlSettings

_StepEnd = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]
OnLatents = Callable[[Callable[[int], Image.Image]], None]
"""Called after each step with what draws a preview of one picture of the batch, by its place."""


class Model:
    """A model of SDXL's architecture: on the GPU in half precision, else on the CPU."""

    def __init__(self, settings: SdxlSettings) -> None:
        for one in (logging, transformers_logging):
            one.set_verbosity_error()  # Their warnings quote the prompt.
            one.disable_progress_bar()
        if settings.torch_threads:
            torch.set_num_threads(settings.torch_threads)
        self._pipe = load_pipeline(settings)
        self._ways = Ways(self._pipe, settings)
        self._loras = Loras(self._pipe, settings.sdxl_loras)
        self._encoder = Encoder(self._pipe)
        self._latents = LatentPreviewer(self._pipe)
        self._guidance_until = settings.sdxl_guidance_until
        self.max_batch = optimizations.max_batch(settings)
        optimizations.apply_optimizations(self._pipe, settings)

    @property
    def native_size(self) -> int:
        """The side of the square that it was trained on, in pixels."""
        return int(self._pipe.unet.config.sample_size * self._pipe.vae_scale_factor)

    @property
    def sampler(self) -> str:
        """Its scheduler's name."""
        name = type(self._pipe.scheduler).__name__
        return name.removesuffix("Scheduler").removesuffix("Discrete")

    def prompt_chunks(self, prompt: Prompt, negative: Prompt) -> int:
        """How many times 77 tokens the two are encoded to: what one batch has in common.

        Raises:
            PermanentError: a LoRA that is asked for is not there.
        """
        self._loras.check(prompt.loras)
        return self._encoder.pieces(prompt, negative)

    def generate(
        self, drawings: Sequence[ImageRequest], on_step: OnStep, on_latents: OnLatents
    ) -> list[Image.Image]:
        """Draw a batch; where memory runs out, once more with the caches emptied, one by one.

        Raises:
            RetryableError: there is not enough memory.
        """
        try:
            return self._draw(drawings, on_step, on_latents)
        except torch.OutOfMemoryError:
            pass  # Only outside this block are the failed attempt's tensors let go.
        torch.cuda.empty_cache()
        try:
            return [self._draw([drawing], on_step, _unseen)[0] for drawing in drawings]
        except torch.OutOfMemoryError:
            sentence = "The worker ran out of memory on this job."
            raise RetryableError("out_of_memory", sentence) from None

    def _draw(
        self, drawings: Sequence[ImageRequest], on_step: OnStep, on_latents: OnLatents
    ) -> list[Image.Image]:
        first = drawings[0]
        # What the adapter adds is not the callback's to halve.
        until = 1.0 if first.way == "adapter" else self._guidance_until
        self._loras.activate(first.prompt.loras)
        encoded = [self._encoder.encode(drawing.prompt, drawing.negative) for drawing in drawings]
        pipe, arguments = self._ways.select(drawings)
        drawn = pipe(
            prompt_embeds=torch.cat([embeddings.positive for embeddings in encoded]),
            negative_prompt_embeds=torch.cat([embeddings.negative for embeddings in encoded]),
            pooled_prompt_embeds=torch.cat([embeddings.pooled for embeddings in encoded]),
            negative_pooled_prompt_embeds=torch.cat(
                [embeddings.negative_pooled for embeddings in encoded]
            ),
            num_inference_steps=first.steps,
            guidance_scale=first.guidance,
            # On the CPU, so that a seed begins with the same noise on every device.
            generator=[torch.Generator("cpu").manual_seed(drawing.seed) for drawing in drawings],
            callback_on_step_end=self._step_end(on_step, on_latents, until),
            callback_on_step_end_tensor_inputs=optimizations.step_tensors(pipe, until),
            **arguments,
        )
        return list(drawn.images)

    def _step_end(self, on_step: OnStep, on_latents: OnLatents, until: float) -> _StepEnd:
        """The pipeline's own callback; what it raises ends the pipeline at once."""

        def step_end(pipe: Any, index: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - diffusers' own untyped signature
            on_step(index + 1, pipe.num_timesteps)
            on_latents(lambda place: self._latents.preview(tensors["latents"][place], index))
            if index + 1 == int(until * pipe.num_timesteps):
                return optimizations.unguided(pipe, tensors)
            return tensors

        return step_end


def _unseen(_: Callable[[int], Image.Image]) -> None:
    """Drawn a second time, it is not shown again."""
