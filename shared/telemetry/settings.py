"""Telemetry settings, and the loader of settings from environment variables.

This is the only module of the product that reads the environment.
"""

import os
from functools import cache
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

M = TypeVar("M", bound=BaseModel)


class TelemetrySettings(BaseModel):
    """Project of the log lines and destinations of spans. Each field is a variable, in capitals."""

    model_config = ConfigDict(frozen=True)

    google_cloud_project: str | None = None
    """The Google Cloud project that log lines name as the place of their traces."""
    traces_file: str | None = None
    """A file to append spans to. Without a file and an endpoint no spans are made."""
    traces_endpoint: Annotated[str, Field(pattern="^https?://[^/]")] | None = None
    """An OTLP endpoint over HTTP, such as `https://telemetry.googleapis.com/v1/traces`."""
    traces_ratio: Annotated[float, Field(ge=0, le=1)] = 1
    """The share of the requests without a trace of their own that start a recorded one."""
    k_service: str | None = None
    """The name of the service. Cloud Run sets it."""


@cache
def telemetry_settings() -> TelemetrySettings:
    """Return the telemetry settings of the process, or the defaults if the environment is invalid.

    The settings of a function and of a worker include these fields and report the errors.
    """
    try:
        return from_environment(TelemetrySettings)
    except ValidationError:
        return TelemetrySettings()


def from_environment(model: type[M]) -> M:
    """Build a model from the environment variables named like its fields, in capitals.

    An empty variable counts as not set.

    Raises:
        ValidationError: A variable is missing or invalid.
    """
    names = {name: name.upper() for name in model.model_fields}
    values = {name: os.environ[key] for name, key in names.items() if os.environ.get(key)}
    return model.model_validate(values)
