"""The checkers of what was made. Importing this takes seconds."""

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
    """The checker that the settings name; the classifier goes before the other.

    Raises:
        OSError: a folder lacks a file.
        ValueError: it is no such model.
    """
    if settings.output_classifier:
        return Classifier(settings.output_classifier, settings.output_classifier_thresholds)
    if settings.output_checker:
        return SafetyChecker(settings.output_checker)
    raise ValueError("No checker is configured.")


class SafetyChecker:
    """diffusers' own, which tells what is sexual from what is not, and no more."""

    modes: frozenset[ContentMode] = frozenset({"sfw"})

    def __init__(self, folder: Path) -> None:
        logging.set_verbosity_error()  # It announces a black image, which nobody takes here.
        self.checked_by = OutputCheck(kind="checker", name=folder.name)
        self._look: Any = CLIPImageProcessor.from_pretrained(folder)
        self._model = _ready(
            StableDiffusionSafetyChecker.from_pretrained(folder, use_safetensors=True)
        )

    def refused(self, pictures: Sequence[Image.Image], mode: ContentMode) -> list[str]:
        """``nsfw``, where any of them is."""
        del mode
        pixels = _pixels(self._look, pictures, self._model)
        blackened = [np.zeros((1, 1, 3)) for _ in pictures]
        _, flagged = self._model(clip_input=pixels, images=blackened)
        return ["nsfw"] if any(flagged) else []


class Classifier:
    """Any image classifier of transformers, with the labels that are refused in each mode."""

    def __init__(self, folder: Path, refuses: Refuses) -> None:
        self.checked_by = OutputCheck(kind="classifier", name=folder.name)
        self.modes = frozenset(mode for mode, labels in refuses.items() if labels)
        self._look: Any = AutoImageProcessor.from_pretrained(folder, use_fast=False)
        self._model = _ready(
            AutoModelForImageClassification.from_pretrained(folder, use_safetensors=True)
        )
        places = {label: place for place, label in self._model.config.id2label.items()}
        named = {label for labels in refuses.values() for label in labels}
        if unknown := named - places.keys():
            raise ValueError(f"The classifier has no label {', '.join(sorted(unknown))}.")
        self._refuses = {
            mode: {label: (places[label], minimum) for label, minimum in labels.items()}
            for mode, labels in refuses.items()
        }

    @torch.no_grad()
    def refused(self, pictures: Sequence[Image.Image], mode: ContentMode) -> list[str]:
        """The labels whose score is reached by any of them, as categories."""
        logits = self._model(_pixels(self._look, pictures, self._model)).logits
        is_several = self._model.config.problem_type == "multi_label_classification"
        scores = (logits.sigmoid() if is_several else logits.softmax(-1)).amax(0)
        if not bool(scores.isfinite().all()):
            raise ArithmeticError("a score is not a number")
        labels = self._refuses[mode].items()
        return [_category(label) for label, (place, minimum) in labels if scores[place] >= minimum]


def _ready(model: Any) -> Any:  # noqa: ANN401 - transformers has no types
    """Where it is to run, in full precision: what overflows to no number would flag nothing."""
    if not all(bool(parameter.isfinite().all()) for parameter in model.parameters()):
        raise ValueError("The checker's weights hold what is no number.")
    return model.eval().float().to("cuda" if torch.cuda.is_available() else "cpu")


def _pixels(look: Any, pictures: Sequence[Image.Image], model: Any) -> torch.Tensor:  # noqa: ANN401 - the same
    seen = look([picture.convert("RGB") for picture in pictures], return_tensors="pt")
    pixels: torch.Tensor = seen["pixel_values"]
    return pixels.to(model.device)


def _category(label: str) -> str:
    """A label, spelt as categories are."""
    plain = "".join(one if one.isascii() and one.isalnum() else "_" for one in label.lower())
    return plain if plain[:1].isalpha() else f"label_{plain}"
