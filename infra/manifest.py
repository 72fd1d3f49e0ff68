"""The map, ``infra/services.yaml``, as the gateway, the bundles and the tests read it."""

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

PATH = Path(__file__).parent / "services.yaml"


class _Entry(BaseModel):
    """Frozen, and a key that nobody reads is a mistake in the file."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Instances(_Entry):
    """How many instances of a function the cloud keeps."""

    min: int = 0
    max: int


class Function(_Entry):
    """One endpoint: what it may reach, and the cloud's limits for it."""

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
        """The handler's module: the one place that turns hyphens into underscores."""
        return f"functions.{self.name.replace('-', '_')}.main"

    @property
    def prefixes(self) -> list[str]:
        """The public paths under which the function is reached."""
        own = f"/functions/v1/{self.name}"
        return [own, self.mount] if self.mount else [own]


class Service(_Entry):
    """An endpoint that the functions framework cannot serve: an ASGI app of its own container."""

    name: str
    caller: Literal["user_or_anon"]
    mount: str
    """Its public prefix."""
    secrets: list[str] = []
    memory: str
    timeout_seconds: int
    concurrency: int
    """Connections of one instance, at most."""
    instances: Instances

    @property
    def module(self) -> str:
        """The app's module, as a function's handler has one."""
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
    """Every endpoint, queue and bucket of the product."""

    functions: dict[str, Function]
    services: dict[str, Service] = Field(default_factory=dict)
    queues: dict[str, Queue] = Field(default_factory=dict)
    buckets: dict[str, Bucket] = Field(default_factory=dict)


def read(path: Path = PATH) -> Manifest:
    """Read the map. Raises pydantic's ValidationError naming what is wrong in the file."""
    text: dict[str, Any] = yaml.load(path.read_bytes(), Loader=_LOADER)  # noqa: S506 - both are safe
    for name, entry in {**text["functions"], **text.get("services", {})}.items():
        entry["name"] = name
    return Manifest.model_validate(text)


# libyaml's loader, where PyYAML was built with it, is ten times faster.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
