"""Load the manifest, ``infra/services.yaml``: functions, services, queues and buckets."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

PATH = Path(__file__).parent / "services.yaml"


class _Entry(BaseModel):
    """Base class: immutable; an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Instances(_Entry):
    """The minimum and maximum number of instances in the cloud."""

    min: int = 0
    max: int


class Function(_Entry):
    """One function: its caller, its access to resources, and its limits in the cloud."""

    name: str
    caller: Literal["user", "user_or_anon", "admin", "worker", "scheduler"]
    verify_jwt: bool
    methods: list[str]
    mount: str | None = None
    """A further public prefix, such as ``/rest/v1``."""
    secrets: list[str] = []
    buckets: dict[str, Literal["read", "write"]] = {}
    queues: list[str] = []
    memory: str
    timeout_seconds: int
    instances: Instances

    @property
    def module(self) -> str:
        """The handler's module; only here hyphens become underscores."""
        return f"functions.{self.name.replace('-', '_')}.main"

    @property
    def prefixes(self) -> list[str]:
        """The function's public path prefixes."""
        default = f"/functions/v1/{self.name}"
        return [default, self.mount] if self.mount else [default]


class Service(_Entry):
    """An endpoint that the functions framework cannot serve: an ASGI app in its own container."""

    name: str
    caller: Literal["user_or_anon"]
    mount: str
    """The public path prefix."""
    secrets: list[str] = []
    memory: str
    timeout_seconds: int
    concurrency: int
    """The maximum number of connections of one instance."""
    instances: Instances

    @property
    def module(self) -> str:
        """The app's module."""
        return f"functions.{self.name.replace('-', '_')}.main"


class Queue(_Entry):
    """One Cloud Tasks queue."""

    min_backoff_seconds: float
    max_backoff_seconds: float
    max_concurrent: int


class Bucket(_Entry):
    """One Cloud Storage bucket, named by its role."""

    delete_after_days: int | None = None


class Manifest(_Entry):
    """All functions, services, queues and buckets of the product."""

    functions: dict[str, Function]
    services: dict[str, Service] = Field(default_factory=dict)
    queues: dict[str, Queue] = Field(default_factory=dict)
    buckets: dict[str, Bucket] = Field(default_factory=dict)


def read(path: Path = PATH) -> Manifest:
    """Load and validate the manifest.

    Raises:
        pydantic.ValidationError: the file is invalid.
    """
    text: dict[str, Any] = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - both are safe
    for name, entry in {**text["functions"], **text.get("services", {})}.items():
        entry["name"] = name
    return Manifest.model_validate(text)


# libyaml's loader, if PyYAML was built with it, is ten times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
