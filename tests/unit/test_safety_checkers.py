"""The real checkers at toy size: random weights made here, with placeholder labels."""

from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.pipelines.stable_diffusion.safety_checker import StableDiffusionSafetyChecker
from PIL import Image
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    ResNetConfig,
    ResNetForImageClassification,
)

from gpu_workers.noop.pipeline import NoopPipeline
from gpu_workers.runtime.pipeline import PermanentError
from gpu_workers.runtime.safety.checkers import Classifier, SafetyChecker, configured
from gpu_workers.runtime.safety.output_check import Safety
from gpu_workers.runtime.safety.settings import SafetySettings

SIDE = 32
RED, BLUE = (Image.new("RGB", (48, 40), colour) for colour in ("red", "blue"))
LABELS = {0: "Zorp", 1: "blimp"}


def processor(folder: Path) -> None:
    size = {"height": SIDE, "width": SIDE}
    CLIPImageProcessor(size={"shortest_edge": SIDE}, crop_size=size).save_pretrained(folder)


def saved(model: Any, folder: Path) -> Path:  # noqa: ANN401 - transformers has no types
    model.save_pretrained(folder, safe_serialization=True)
    processor(folder)
    return folder


@pytest.fixture(scope="module")
def checker_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Diffusers' checker whose single concept is its embedding of red, so that red is unsafe."""
    layers: Any = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1}
    config = CLIPConfig(
        vision_config={**layers, "num_attention_heads": 2, "image_size": SIDE, "patch_size": 8},
        text_config={**layers, "num_attention_heads": 2, "vocab_size": 8},
        projection_dim=16,
    )
    torch.manual_seed(0)
    model: Any = StableDiffusionSafetyChecker(config).eval()
    folder = tmp_path_factory.mktemp("checker")
    processor(folder)
    look: Any = CLIPImageProcessor.from_pretrained(folder)
    with torch.no_grad():
        seen = model.vision_model(look([RED, BLUE], return_tensors="pt")["pixel_values"])[1]
        red, blue = model.visual_projection(seen)
        model.concept_embeds.copy_(red.repeat(17, 1))
        model.concept_embeds_weights.fill_((1 + torch.cosine_similarity(red, blue, dim=0)) / 2)
        model.special_care_embeds_weights.fill_(2.0)
    return saved(model, folder)


@pytest.fixture(scope="module")
def classifier_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier whose weights label red pictures as Zorp."""
    config = ResNetConfig(
        embedding_size=4, hidden_sizes=[4], depths=[1], layer_type="basic", id2label=LABELS,
        label2id={label: place for place, label in LABELS.items()},
    )  # fmt: skip
    torch.manual_seed(0)
    model: Any = ResNetForImageClassification(config).eval()
    folder = tmp_path_factory.mktemp("classifier")
    processor(folder)
    look: Any = CLIPImageProcessor.from_pretrained(folder)
    with torch.no_grad():
        pixels = look([RED, BLUE], return_tensors="pt")["pixel_values"]
        red, blue = model.resnet(pixels).pooler_output.flatten(1)
        apart = (red - blue) / (red - blue).norm() ** 2 * 20
        model.classifier[1].weight.copy_(torch.stack([apart, torch.zeros_like(apart)]))
        model.classifier[1].bias.copy_(torch.stack([-apart @ (red + blue) / 2, torch.zeros(())]))
    return saved(model, folder)


def test_diffusers_checker_refuses_what_it_takes_for_its_concept(checker_folder: Path) -> None:
    checker = SafetyChecker(checker_folder)
    assert checker.refused([BLUE], "sfw") == []
    assert checker.refused([BLUE, RED], "sfw") == ["nsfw"]
    assert checker.checked_by.kind == "checker"
    assert checker.modes == {"sfw"}


def test_a_classifier_refuses_by_its_labels_and_the_mode(classifier_folder: Path) -> None:
    refuses: Any = {"sfw": {"Zorp": 0.9}, "nsfw": {"blimp": 0.9}}
    checker = Classifier(classifier_folder, refuses)
    assert checker.refused([BLUE], "sfw") == []
    assert checker.refused([BLUE, RED], "sfw") == ["zorp"]
    assert checker.refused([RED], "nsfw") == []
    assert checker.refused([RED, BLUE], "nsfw") == ["blimp"]
    assert checker.modes == {"sfw", "nsfw"}
    assert (checker.checked_by.kind, checker.checked_by.name) == (
        "classifier",
        classifier_folder.name,
    )


def test_a_label_that_the_classifier_lacks_ends_the_start(classifier_folder: Path) -> None:
    with pytest.raises(ValueError, match="no label fizzle"):
        Classifier(classifier_folder, {"sfw": {"fizzle": 0.5}})


def test_weights_that_are_no_numbers_end_the_start(classifier_folder: Path, tmp_path: Path) -> None:
    model: Any = ResNetForImageClassification.from_pretrained(classifier_folder)
    with torch.no_grad():
        model.classifier[1].bias.fill_(float("nan"))
    with pytest.raises(ValueError, match="no number"):
        Classifier(saved(model, tmp_path), {"sfw": {"Zorp": 0.5}})


def test_a_folder_that_is_empty_ends_the_start(tmp_path: Path) -> None:
    for own in ({"output_checker": tmp_path}, {"output_classifier": tmp_path}):
        refuses: Any = {"sfw": {"Zorp": 0.5}}
        settings = SafetySettings.model_construct(output_classifier_thresholds=refuses, **own)  # type: ignore[arg-type]
        with pytest.raises((OSError, ValueError)):
            Safety(settings).load()


def test_the_configured_checker_looks_at_what_is_made(classifier_folder: Path) -> None:
    settings = SafetySettings.model_validate(
        {
            "output_classifier": str(classifier_folder),
            "output_classifier_thresholds": '{"sfw": {"Zorp": 0.9}}',
        }
    )
    safety, pipeline = Safety(settings), NoopPipeline()
    safety.load()
    safety.admit(pipeline)
    look = safety.inspection(pipeline, "sfw")
    assert look.checked_by == configured(settings).checked_by
    assert look.allow_preview(BLUE)
    assert not look.allow_preview(RED)
    with pytest.raises(PermanentError, match="nsfw"):
        safety.inspection(pipeline, "nsfw")
