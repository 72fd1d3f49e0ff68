"""The loaded Wan models at work. Importing this module takes seconds."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import torch

from gpu_workers.runtime.media.video import Frames
from gpu_workers.runtime.pipeline import OnStep, PermanentError, RetryableError, Show
from gpu_workers.wan import model_loader
from gpu_workers.wan.clip_request import Order
from gpu_workers.wan.model_loader import Loaded
from gpu_workers.wan.reference_images import Given
from gpu_workers.wan.settings import WanSettings

_StepEnd = Callable[[Any, int, Any, dict[str, Any]], dict[str, Any]]


class Model:
    """Models of Wan's architecture: on the GPU in half precision, else on the CPU.

    One film at a time: a scheduler keeps its place among the steps in itself.
    """

    def __init__(self, settings: WanSettings) -> None:
        model_loader.quiet()
        if settings.torch_threads:
            torch.set_num_threads(settings.torch_threads)
        self._text = model_loader.text_model(settings)
        self._frames = model_loader.frames_model(settings)
        self._redrawing = model_loader.redrawing(self._text) if self._text.in_one_pass else None

    def for_(self, given: Given) -> Loaded:
        """The model that films what begins so.

        Raises:
            PermanentError: none of them can.
        """
        if given.source and self._redrawing is None:
            raise _unsupported("This worker's model draws from text alone.")
        if not given.first:
            return self._text
        if self._frames is None:
            raise _unsupported("This worker's model films from text alone.")
        if given.last and not self._frames.takes_last:
            raise _unsupported("This worker's model takes no last frame.")
        if self._frames.needs_last and not given.last:
            raise _unsupported("This worker's model needs a last frame as well.")
        return self._frames

    def film(self, order: Order, on_step: OnStep, show: Show) -> Frames:
        """Film once; where memory runs out, once more with the caches emptied.

        Raises:
            RetryableError: there is not enough memory.
        """
        try:
            return self._film(order, on_step, show)
        except torch.OutOfMemoryError:
            pass  # Only outside this block are the failed attempt's tensors let go.
        torch.cuda.empty_cache()
        try:
            return self._film(order, on_step, show)
        except torch.OutOfMemoryError:
            sentence = "The worker ran out of memory on this job."
            raise RetryableError("out_of_memory", sentence) from None

    def _film(self, order: Order, on_step: OnStep, show: Show) -> Frames:
        chosen, given = self.for_(order.given), order.given.fitted(order.size)
        asked = _asked(order, chosen)
        asked["callback_on_step_end"] = _step_end(chosen, on_step, show)
        if given.source:
            return self._redrawn(order, given.source, asked)
        asked["num_frames"] = order.frames
        if given.first:
            asked |= {"image": given.first, "last_image": given.last}
        return _frames(chosen.pipe, asked)

    def _redrawn(self, order: Order, source: object, asked: dict[str, Any]) -> Frames:
        # The pipeline rounds down to whole steps, and with none at all it fails.
        part = (order.steps_anew + 0.5) / order.wanted.steps
        asked |= {"video": [source], "strength": min(part, 1)}
        with _without_cache(self._text):
            return _frames(self._redrawing, asked)


def _asked(order: Order, chosen: Loaded) -> dict[str, Any]:
    """What every pipeline is asked."""
    wanted = order.wanted
    guided = wanted.guidance_scale > 1
    return {
        "prompt_embeds": chosen.texts.encoded(wanted.prompt),
        "negative_prompt_embeds": chosen.texts.encoded(wanted.negative_prompt) if guided else None,
        "width": order.size[0],
        "height": order.size[1],
        "num_inference_steps": wanted.steps,
        "guidance_scale": wanted.guidance_scale,
        # On the CPU, so that a seed begins with the same noise on every device.
        "generator": torch.Generator("cpu").manual_seed(order.seed),
        "output_type": "pt",
    }


def _frames(pipe: Any, asked: dict[str, Any]) -> Frames:  # noqa: ANN401 - diffusers has no types
    try:
        filmed = pipe(**asked).frames[0]
    except BaseException:
        pipe.maybe_free_model_hooks()  # A cache of this film's steps is none for the next.
        raise
    frames: Frames = (filmed * 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
    return frames


@contextlib.contextmanager
def _without_cache(loaded: Loaded) -> Iterator[None]:
    """For redrawing, whose pipeline does not tell a cache which of a step's two calls it is in."""
    configs = [(one, one._cache_config) for one in loaded.transformers if one.is_cache_enabled]  # noqa: SLF001 - it has no other name
    for transformer, _ in configs:
        transformer.disable_cache()
    try:
        yield
    finally:
        for transformer, config in configs:
            transformer.enable_cache(config)


def _step_end(chosen: Loaded, on_step: OnStep, show: Show) -> _StepEnd:
    """The pipeline's own callback; what it raises ends the pipeline at once."""

    def step_end(pipe: Any, index: int, _: Any, tensors: dict[str, Any]) -> dict[str, Any]:  # noqa: ANN401 - diffusers' own untyped signature
        on_step(index + 1, pipe.num_timesteps)
        show(lambda: chosen.latents.preview(tensors["latents"]))
        return tensors

    return step_end


def _unsupported(sentence: str) -> PermanentError:
    return PermanentError("unsupported_reference", sentence)
