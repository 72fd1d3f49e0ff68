"""Safety-checker and classifier models. Importing this module takes seconds."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from diffusers.utils import logging
from PIL import Image
from transformers import AutoImageProcessor, AutoModelForImageClassification, CLIPImageProcessor

from gpu_workers.runtime.pipeline import Checker
from gpu_workers.runtime.safety.settings import SafetySettings
from shared.contracts.worker_protocol import ContentMode, OutputCheck

Refuses = Mapping[ContentMode, Mapping[str, float]]


def configured(settings: SafetySettings) -> Checker:
    """Load the checker that the settings name; a classifier takes precedence.

    Raises:
        OSError: a model folder lacks a file.
        ValueError: no checker is configured, or the model is not usable.
    """
    if settings.output_classifier:
        return Classifier(settings.output_classifier, settings.output_classifier_thresholds)
    if settings.output_checker:
        return SafetyChecker(settings.output_checker)
    raise ValueError("No checker is configured.")


class SafetyChecker:
    """The safety checker of diffusers, which detects sexual content only."""

    modes: frozenset[ContentMode] = frozenset({"sfw"})

    def __init__(self, folder: Path) -> None:
        logging.set_verbosity_error()  # It warns of a black image, which is not used here.
        self.checked_by = OutputCheck(kind="checker", name=folder.name)
        self._look: Any = CLIPImageProcessor.from_pretrained(folder)
        self._model = _ready(
            StableDiffusionSafetyChecker.from_pretrained(folder, use_safetensors=True)
        )

    def refused(self, pictures: Sequence[Image.Image], mode: ContentMode) -> list[str]:
        """Return ``["nsfw"]`` if any picture is flagged, else an empty list."""
        del mode
        pixels = _pixels(self._look, pictures, self._model)
        blackened = [np.zeros((1, 1, 3)) for _ in pictures]
        _, flagged = self._model(clip_input=pixels, images=blackened)
        return ["nsfw"] if any(flagged) else []


class Classifier:
    """An image classifier of transformers, with the labels refused in each mode.

    Args:
        folder: the model's folder.
        refuses: by mode and label, the score (0 to 1) from which a picture is refused.

    Raises:
        ValueError: the model has no label of that name, or its weights are not finite.
    """

    def __init__(self, folder: Path, refuses: Refuses) -> None:
        self.checked_by = OutputCheck(kind="classifier", name=folder.name)
        self.modes = frozenset(mode for mode, labels in refuses.items() if labels)
        self._look: Any = AutoImageProcessor.from_pretrained(folder, use_fast=False)
        self._model = _ready(
            AutoModelForImageClassification.from_pretrained(folder, use_safetensors=True)
        )
        indexes = {label: index for index, label in self._model.config.id2label.items()}
        named = {label for labels in refuses.values() for label in labels}
        if unknown := named - indexes.keys():
            raise ValueError(f"The classifier has no label {', '.join(sorted(unknown))}.")
        self._refuses = {
            mode: {label: (indexes[label], minimum) for label, minimum in labels.items()}
            for mode, labels in refuses.items()
        }

    @torch.no_grad()
    def refused(self, pictures: Sequence[Image.Image], mode: ContentMode) -> list[str]:
        """Return the labels whose threshold any picture reaches, as categories.

        Raises:
            ArithmeticError: a score is not finite.
        """
        logits = self._model(_pixels(self._look, pictures, self._model)).logits
        is_multi_label = self._model.config.problem_type == "multi_label_classification"
        scores = (logits.sigmoid() if is_multi_label else logits.softmax(-1)).amax(0)
        if not bool(scores.isfinite().all()):
            raise ArithmeticError("a score is not a number")
        labels = self._refuses[mode].items()
        return [_category(label) for label, (index, minimum) in labels if scores[index] >= minimum]


def _ready(model: Any) -> Any:  # noqa: ANN401 - transformers has no types
    """Move the model to its device in full precision: an overflow to NaN would flag nothing."""
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError("The checker's weights hold what is no number.")
    return model.eval().float().to("cuda" if torch.cuda.is_available() else "cpu")


def _pixels(look: Any, pictures: Sequence[Image.Image], model: Any) -> torch.Tensor:  # noqa: ANN401 - the same
    processed = look([picture.convert("RGB") for picture in pictures], return_tensors="pt")
    pixels: torch.Tensor = processed["pixel_values"]
    return pixels.to(model.device)


def _category(label: str) -> str:
    """Return a label in the spelling of categories: a-z, 0-9 and underscores."""
    plain = "".join(char if char.isascii() and char.isalnum() else "_" for char in label.lower())
    return plain if plain[:1].isalpha() else f"label_{plain}"
