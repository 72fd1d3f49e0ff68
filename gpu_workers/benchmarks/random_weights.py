"""Random weights of a true model's spread, and what a model of such a config holds and costs."""

from collections.abc import Callable
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

_BIAS_SPREAD = 0.02


def randomise(model: Any, seed: int) -> Any:  # noqa: ANN401 - diffusers has no types
    """Fill it where it lies, so that what goes in as noise of spread one comes out alike.

    Nothing is zero: a product by zeros costs a GPU less power, and so less time.
    """
    generators: dict[torch.device, torch.Generator] = {}
    for name, one in model.named_parameters():
        if one.device not in generators:
            generators[one.device] = torch.Generator(one.device).manual_seed(seed)
        _fill(name, one.data, generators[one.device])
    return model


def _fill(name: str, one: torch.Tensor, chance: torch.Generator) -> None:
    if one.dim() > 1:
        inputs = one[0].numel()
        one.normal_(0, inputs**-0.5, generator=chance)
    else:
        middle = 0 if name.endswith("bias") else 1
        one.normal_(middle, _BIAS_SPREAD, generator=chance)


def parameters(model: Any) -> int:  # noqa: ANN401 - the same
    """How many it has."""
    return sum(parameter.numel() for parameter in model.parameters())


def flops(model: Any, run: Callable[[Any], object]) -> int:  # noqa: ANN401 - the same
    """What a run of such a model costs, counted on one that has its config and no weights."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        run(like(model).eval())
    return int(counter.get_total_flops())


def like(model: Any) -> Any:  # noqa: ANN401 - the same
    """A model of the same config, made where the caller's context says."""
    kind = type(model)
    return kind.from_config(model.config) if hasattr(kind, "from_config") else kind(model.config)


def cosine(one: torch.Tensor, other: torch.Tensor) -> float:
    """How alike two outputs are: 1 where they differ by a factor at most."""
    first, second = (each.detach().double().flatten().cpu() for each in (one, other))
    return float(torch.nn.functional.cosine_similarity(first, second, dim=0))
