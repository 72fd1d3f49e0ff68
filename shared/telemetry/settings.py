"""Telemetry settings, and how settings are read from the environment.

This is the only module of the product that reads the environment.
"""

import os
from functools import cache
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

M = TypeVar("M", bound=BaseModel)


class TelemetrySettings(BaseModel):
    """Which project logs name, and where spans go. Each field is a variable, in capitals."""

    model_config = ConfigDict(frozen=True)

    google_cloud_project: str | None = None
    """The project whose traces Cloud Logging links the log lines to."""
    traces_file: str | None = None
    """A file to which spans are appended. Without a file and an endpoint no spans are made."""
    traces_endpoint: Annotated[str, Field(pattern="^https?://[^/]")] | None = None
    """An OTLP endpoint over HTTP, such as ``https://telemetry.googleapis.com/v1/traces``."""
    traces_ratio: Annotated[float, Field(ge=0, le=1)] = 1
    """The share of requests without a trace of their own that start a recorded one."""
    k_service: str | None = None
    """The name of the service; Cloud Run sets it."""


@cache
def telemetry_settings() -> TelemetrySettings:
    """The telemetry settings of the process, or the defaults where the environment is invalid.

    The settings of a function and of a worker include these fields and report what is wrong.
    """
    try:
        return from_environment(TelemetrySettings)
    except ValidationError:
        return TelemetrySettings()


def from_environment(model: type[M]) -> M:
    """Build a model from the environment variables named like its fields, in capitals.

    A variable that is empty counts as not set.

    Raises:
        ValidationError: A variable is missing or invalid.
    """
    names = {name: name.upper() for name in model.model_fields}
    values = {name: os.environ[key] for name, key in names.items() if os.environ.get(key)}
    return model.model_validate(values)
