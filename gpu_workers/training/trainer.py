"""Training loop with averaged weights (EMA) and checkpoints, and the losses of both models."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

_CHECKPOINT_SECONDS = 60
_REPORT_STEPS = 50
_AVERAGING = 0.998
_NEAR = 5
"""The side, in latents, of the square around each latent of the subject."""


class Trainer:
    """Trains a network for a number of steps; an interrupted run continues from its checkpoint.

    Args:
        network: the network to train.
        file: the checkpoint.
        steps: the total number of steps, including those of earlier runs.
        rate: the highest learning rate.
    """

    def __init__(self, network: nn.Module, file: Path, *, steps: int, rate: float) -> None:
        self.network = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._file, self._steps, self._rate = file, steps, rate
        self._optimiser = torch.optim.AdamW(
            network.parameters(), rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        weights = network.state_dict()
        self._averaged = {name: weight.detach().clone() for name, weight in weights.items()}
        self.step = 0
        if file.exists():
            self._resume()

    def train(self, loss: Callable[[], torch.Tensor]) -> None:
        """Run the remaining steps.

        Args:
            loss: returns the loss of a new batch; called once per step.
        """
        saved = reported = time.monotonic()
        total = 0.0
        while self.step < self._steps:
            total += self._step(loss())
            if self.step % _REPORT_STEPS == 0:
                now = time.monotonic()
                pace = (now - reported) / _REPORT_STEPS
                print(f"step {self.step} loss {total / _REPORT_STEPS:.4f} {pace:.2f} s", flush=True)  # noqa: T201 - progress of a command
                reported, total = now, 0.0
            if time.monotonic() - saved > _CHECKPOINT_SECONDS:
                self.save()
                saved = time.monotonic()
        self.save()

    def save(self) -> None:
        """Write a checkpoint from which a later run can continue."""
        state = {
            "step": self.step,
            "network": self.network.state_dict(),
            "averaged": self._averaged,
            "optimiser": self._optimiser.state_dict(),
        }
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_suffix(".making")
        torch.save(state, unfinished)
        unfinished.rename(self._file)

    def _step(self, loss: torch.Tensor) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate * _schedule(self.step, self._steps)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self._optimiser.step()
        self._optimiser.zero_grad()
        self.step += 1
        # The decay is lower at the start, so that the random initial weights have no effect.
        decay = min(_AVERAGING, self.step / (self.step + 10))
        with torch.no_grad():
            for name, weight in self.network.state_dict().items():
                if weight.dtype.is_floating_point:
                    self._averaged[name].lerp_(weight, 1 - decay)
        return loss.item()

    def _resume(self) -> None:
        state = torch.load(self._file, weights_only=True)
        self.step, self._averaged = state["step"], state["averaged"]
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])


def averaged(file: Path) -> dict[str, torch.Tensor]:
    """Load the averaged weights of a checkpoint; they draw better than those of the last step."""
    weights: dict[str, torch.Tensor] = torch.load(file, weights_only=True)["averaged"]
    return weights


def _schedule(step: int, steps: int) -> float:
    """Return the learning rate as a part of the highest: 100 steps of warm-up, then cosine."""
    return min((step + 1) / 100, 0.02 + 0.98 * (1 + math.cos(math.pi * step / steps)) / 2)


def reconstruction_loss(decoded: torch.Tensor, pixels: torch.Tensor) -> torch.Tensor:
    """Return the error of decoded pixels, of which edges count more; height and width are last."""
    error = decoded - pixels
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    loss: torch.Tensor = error.abs().mean() + 4 * error.square().mean() + 0.5 * edges
    return loss


def range_loss(latents: torch.Tensor) -> torch.Tensor:
    """Return how far latents are beyond -1 to 1, where the scheduler cuts them off."""
    return 4 * (latents.abs() - 1).relu().square().mean()


def subject_weights(is_subject: torch.Tensor, weight: float) -> torch.Tensor:
    """Return the weights of the loss: higher at and around the subject, which covers little.

    The weight around the subject is as high as on it: else filling too much would cost less than
    filling too little, and every star would become a blob.

    Args:
        is_subject: for each latent whether it is of the subject, shape (n, 1, height, width).
        weight: how much the subject counts more than the rest.

    Returns:
        Weights with a mean of 1 for each picture, shape (n, 1, height, width).
    """
    near = nn.functional.max_pool2d(is_subject.float(), _NEAR, stride=1, padding=_NEAR // 2)
    weights: torch.Tensor = 1 + weight * near
    return weights / weights.mean(dim=(2, 3), keepdim=True)
