"""The loaded Wan models: generate clips and frames. Importing this module takes seconds."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch

from gpu_workers.runtime.media.video import Frames
from gpu_workers.runtime.pipeline import OnPreview, OnStep, PermanentError, RetryableError
from gpu_workers.wan import model_loader
from gpu_workers.wan.clip_request import ClipRequest
from gpu_workers.wan.model_loader import LoadedModel
from gpu_workers.wan.reference_images import ReferenceFrames
from gpu_workers.wan.settings import WanSettings

_StepEnd = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]


class Model:
    """Models of Wan's architecture: on the GPU in half precision, else on the CPU.

    One clip at a time: a scheduler stores the current step in itself.
    """

    def __init__(self, settings: WanSettings) -> None:
        model_loader.quiet()
        if settings.torch_threads:
            torch.set_num_threads(settings.torch_threads)
        self._text = model_loader.text_model(settings)
        self._frames = model_loader.frames_model(settings)
        self._redrawing = model_loader.redrawing(self._text) if self._text.in_one_pass else None

    def select(self, references: ReferenceFrames) -> LoadedModel:
        """Return the model that supports these references.

        Raises:
            PermanentError: no loaded model does.
        """
        if references.source and self._redrawing is None:
            raise _unsupported("This worker's model draws from text alone.")
        if not references.first:
            return self._text
        if self._frames is None:
            raise _unsupported("This worker's model films from text alone.")
        if references.last and not self._frames.supports_last_frame:
            raise _unsupported("This worker's model does not support a last frame.")
        if self._frames.requires_last_frame and not references.last:
            raise _unsupported("This worker's model needs a last frame as well.")
        return self._frames

    def generate(self, order: ClipRequest, on_step: OnStep, show: OnPreview) -> Frames:
        """Generate a clip or frame; after an out-of-memory error, empty the cache and retry once.

        Args:
            order: the clip or frame.
            on_step: called after each step.
            show: called after each step with a function that draws a preview.

        Raises:
            RetryableError: there is not enough memory.
        """
        try:
            return self._film(order, on_step, show)
        except torch.OutOfMemoryError:
            pass  # The tensors of the failed attempt are freed only after this block.
        torch.cuda.empty_cache()
        try:
            return self._film(order, on_step, show)
        except torch.OutOfMemoryError:
            message = "The worker ran out of memory on this job."
            raise RetryableError("out_of_memory", message) from None

    def _film(self, order: ClipRequest, on_step: OnStep, show: OnPreview) -> Frames:
        chosen, references = self.select(order.references), order.references.fitted(order.size)
        kwargs = _pipeline_kwargs(order, chosen)
        kwargs["callback_on_step_end"] = _step_end(chosen, on_step, show)
        if references.source:
            return self._video_to_video(order, references.source, kwargs)
        kwargs["num_frames"] = order.frames
        if references.first:
            kwargs |= {"image": references.first, "last_image": references.last}
        return _frames(chosen.pipe, kwargs)

    def _video_to_video(self, order: ClipRequest, source: object, kwargs: dict[str, Any]) -> Frames:
        # The pipeline rounds the steps down, and fails with 0 steps.
        part = (order.redraw_steps + 0.5) / order.params.steps
        kwargs |= {"video": [source], "strength": min(part, 1)}
        with _without_cache(self._text):
            return _frames(self._redrawing, kwargs)


def _pipeline_kwargs(order: ClipRequest, chosen: LoadedModel) -> dict[str, Any]:
    """Return the arguments that all pipelines take."""
    params = order.params
    guided = params.guidance_scale > 1
    return {
        "prompt_embeds": chosen.texts.encoded(params.prompt),
        "negative_prompt_embeds": chosen.texts.encoded(params.negative_prompt) if guided else None,
        "width": order.size[0],
        "height": order.size[1],
        "num_inference_steps": params.steps,
        "guidance_scale": params.guidance_scale,
        # On the CPU, so that a seed gives the same initial noise on every device.
        "generator": torch.Generator("cpu").manual_seed(order.seed),
        "output_type": "pt",
    }


def _frames(pipe: Any, kwargs: dict[str, Any]) -> Frames:  # noqa: ANN401 - diffusers has no types
    try:
        output = pipe(**kwargs).frames[0]
    except BaseException:
        pipe.maybe_free_model_hooks()  # Cached steps of this clip must not be used for the next.
        raise
    frames: Frames = (output * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return frames


@contextlib.contextmanager
def _without_cache(loaded: LoadedModel) -> Iterator[None]:
    """Disable the step cache while redrawing.

    The video-to-video pipeline does not mark which of a step's two calls is running.
    """
    configs = [
        (transformer, transformer._cache_config)  # noqa: SLF001 - there is no public name
        for transformer in loaded.transformers
        if transformer.is_cache_enabled
    ]
    for transformer, _ in configs:
        transformer.disable_cache()
    try:
        yield
    finally:
        for transformer, config in configs:
            transformer.enable_cache(config)


def _step_end(chosen: LoadedModel, on_step: OnStep, show: OnPreview) -> _StepEnd:
    """Return the callback of the pipeline; an exception it raises ends the pipeline."""

    def step_end(pipe: Any, index: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - diffusers' untyped signature
        on_step(index + 1, pipe.num_timesteps)
        show(lambda: chosen.latents.preview(tensors["latents"]))
        return tensors

    return step_end


def _unsupported(message: str) -> PermanentError:
    return PermanentError("unsupported_reference", message)
