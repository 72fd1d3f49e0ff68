"""Random weights with realistic statistics; parameter and FLOP counts."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

_BIAS_SPREAD = 0.02


def randomise(model: Any, seed: int) -> Any:  # noqa: ANN401 - diffusers has no types
    """Fill a model's weights in place, so that noise of variance 1 keeps its variance.

    Nothing is zero: products with zeros take a GPU less power, and so less time.

    Args:
        model: the model to fill.
        seed: the seed of the weights.
    """
    generators: dict[torch.device, torch.Generator] = {}
    for name, parameter in model.named_parameters():
        if parameter.device not in generators:
            generators[parameter.device] = torch.Generator(parameter.device).manual_seed(seed)
        _fill(name, parameter.data, generators[parameter.device])
    return model


def _fill(name: str, parameter: torch.Tensor, generator: torch.Generator) -> None:
    if parameter.dim() > 1:
        inputs = parameter[0].numel()
        parameter.normal_(0, inputs**-0.5, generator=generator)
    else:
        mean = 0 if name.endswith("bias") else 1
        parameter.normal_(mean, _BIAS_SPREAD, generator=generator)


def parameters(model: Any) -> int:  # noqa: ANN401 - the same
    """Return the number of a model's parameters."""
    return sum(parameter.numel() for parameter in model.parameters())


def flops(model: Any, run: Callable[[Any], object]) -> int:  # noqa: ANN401 - the same
    """Return the FLOPs of ``run``, counted on a model of the same config without weights."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        run(like(model).eval())
    return int(counter.get_total_flops())


def like(model: Any) -> Any:  # noqa: ANN401 - the same
    """Return a new model of the same config, on the device of the current context."""
    kind = type(model)
    return kind.from_config(model.config) if hasattr(kind, "from_config") else kind(model.config)


def cosine(first: torch.Tensor, second: torch.Tensor) -> float:
    """Return the cosine similarity of two outputs: 1 if they differ only by a factor."""
    left, right = (tensor.detach().double().flatten().cpu() for tensor in (first, second))
    return float(torch.nn.functional.cosine_similarity(left, right, dim=0))
