"""Output-check settings."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import Field, Json, ValidationInfo, field_validator

from gpu_workers.runtime.settings import Settings, load_settings
from shared.contracts.worker_protocol import ContentMode

Threshold = Annotated[float, Field(gt=0, le=1)]
Refuses = dict[ContentMode, dict[str, Threshold]]


class SafetySettings(Settings):
    """The worker's checker; without one only exempt models are served."""

    output_checker: Path | None = None
    """A folder with diffusers' StableDiffusionSafetyChecker and its preprocessor_config.json. It
    refuses sexual content, so `nsfw` needs a classifier instead."""
    output_classifier_thresholds: Json[Refuses] = {}
    """For each mode, labels of the classifier and the score from which each is refused: `{"sfw":
    {"nsfw": 0.5, "minor": 0.1}, "nsfw": {"minor": 0.1}}`."""
    output_classifier: Path | None = None
    """A folder with an image classifier of transformers and its preprocessor_config.json. It is
    used in place of the checker. The functions' `OUTPUT_CLASSIFIER` is its name."""
    k_service: str | None = None
    """The name of the service. Cloud Run sets it."""
    local_system: bool = False
    """True on one machine only: models that cannot make unsafe pictures need no checker."""

    @field_validator("output_classifier")
    @classmethod
    def _knows_what_it_refuses(cls, folder: Path | None, others: ValidationInfo) -> Path | None:
        if folder and not others.data.get("output_classifier_thresholds", {}).get("sfw"):
            raise ValueError("OUTPUT_CLASSIFIER_THRESHOLDS must name a label for sfw at the least")
        return folder

    @field_validator("local_system")
    @classmethod
    def _is_one_machine(cls, local: bool, others: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic calls it
        if local and others.data.get("k_service"):
            raise ValueError("must not be set on Cloud Run")
        return local


@cache
def safety() -> SafetySettings:
    """The output check's settings."""
    return load_settings(SafetySettings)
