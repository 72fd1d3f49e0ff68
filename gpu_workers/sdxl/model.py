"""The loaded SDXL model: draw batches of pictures. Importing this module takes seconds."""

from collections.abc import Callable, Sequence
from typing import Any, get_args

import torch
from diffusers.utils import logging
from PIL import Image
from transformers.utils import logging as transformers_logging

from gpu_workers.runtime.pipeline import OnStep, RetryableError
from gpu_workers.sdxl import optimizations, prompt_parser
from gpu_workers.sdxl.diffusers_pipelines import Ways, load_pipeline
from gpu_workers.sdxl.image_request import ImageRequest, resolution
from gpu_workers.sdxl.latent_preview import LatentPreviewer
from gpu_workers.sdxl.loras import Loras
from gpu_workers.sdxl.prompt_encoder import Encoder
from gpu_workers.sdxl.prompt_parser import Prompt
from gpu_workers.sdxl.settings import SdxlSettings
from shared.contracts.worker_protocol import AspectRatio

_StepEnd = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]
OnLatents = Callable[[Callable[[int], Image.Image]], None]
"""Called after each step with a function that returns the preview of the picture at an index."""


class Model:
    """A model of SDXL's architecture: on the GPU in half precision, else on the CPU."""

    def __init__(self, settings: SdxlSettings) -> None:
        for library_logging in (logging, transformers_logging):
            library_logging.set_verbosity_error()  # Warnings would quote the prompt.
            library_logging.disable_progress_bar()
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
    def native_side(self) -> int:
        """The side of the square that the model was trained on, in pixels."""
        return int(self._pipe.unet.config.sample_size * self._pipe.vae_scale_factor)

    @property
    def sampler(self) -> str:
        """The scheduler's name."""
        name = type(self._pipe.scheduler).__name__
        return name.removesuffix("Scheduler").removesuffix("Discrete")

    def prompt_chunks(self, prompt: Prompt, negative: Prompt) -> int:
        """Return the number of 77-token chunks of the two prompts; the same within one batch.

        Raises:
            PermanentError: a LoRA of the prompt does not exist.
        """
        self._loras.check(prompt.loras)
        return self._encoder.pieces(prompt, negative)

    def generate(
        self, drawings: Sequence[ImageRequest], on_step: OnStep, on_latents: OnLatents
    ) -> list[Image.Image]:
        """Draw a batch; after an out-of-memory error, empty the cache and draw one by one.

        Args:
            drawings: the requests; all but their prompts and seeds must be equal.
            on_step: called after each step.
            on_latents: called after each step with a function that draws previews.

        Raises:
            RetryableError: there is not enough memory for a single picture.
        """
        try:
            return self._draw(drawings, on_step, on_latents)
        except torch.OutOfMemoryError:
            pass  # The tensors of the failed attempt are freed only after this block.
        torch.cuda.empty_cache()
        try:
            return [self._draw([drawing], on_step, _no_preview)[0] for drawing in drawings]
        except torch.OutOfMemoryError:
            message = "The worker ran out of memory on this job."
            raise RetryableError("out_of_memory", message) from None

    def _draw(
        self, drawings: Sequence[ImageRequest], on_step: OnStep, on_latents: OnLatents
    ) -> list[Image.Image]:
        first = drawings[0]
        # The callback cannot halve the embeddings that the adapter adds.
        until = 1.0 if first.mode == "adapter" else self._guidance_until
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
            # On the CPU, so that a seed gives the same initial noise on every device.
            generator=[torch.Generator("cpu").manual_seed(drawing.seed) for drawing in drawings],
            callback_on_step_end=self._step_end(on_step, on_latents, until),
            callback_on_step_end_tensor_inputs=optimizations.step_tensors(pipe, until),
            **arguments,
        )
        return list(drawn.images)

    def _step_end(self, on_step: OnStep, on_latents: OnLatents, until: float) -> _StepEnd:
        """Return the callback of the pipeline; an exception it raises ends the pipeline."""

        def step_end(pipe: Any, index: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - diffusers' untyped signature
            on_step(index + 1, pipe.num_timesteps)
            on_latents(lambda image: self._latents.preview(tensors["latents"][image], index))
            if index + 1 == int(until * pipe.num_timesteps):
                return optimizations.unguided(pipe, tensors)
            return tensors

        return step_end


def warm_up(model: Model) -> None:
    """Draw each size alone and in a full batch, so that no job waits for a compilation."""
    for ratio in get_args(AspectRatio):
        size = resolution(ratio, native_side=model.native_side)
        empty = prompt_parser.read("")
        request = ImageRequest(empty, empty, steps=1, guidance=2.0, seed=0, size=size)
        for pictures in {1, model.max_batch}:
            model.generate([request] * pictures, _ignore_step, _no_preview)


def _ignore_step(_step: int, _steps: int) -> None:
    pass


def _no_preview(_: Callable[[int], Image.Image]) -> None:
    """Send no preview: none is due, or the first attempt has sent it."""
