"""Environment variables of each process of the local system: only those it needs."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.local.config import keys, tokens

OIDC_ISSUER = "http://127.0.0.1/oidc"
SCHEDULER_EMAIL = "scheduler@local.iam.gserviceaccount.com"
WORKSPACE_BUCKET = "workspace-temp"
LIBRARY_BUCKET = "user-library"

_EVERY_PROCESS = {"PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR"}
_WORKER_VARIABLES = {
    "MODEL_CACHE",
    "WORKER_SLOTS",
    "PREFETCH_JOBS",
    "DRAIN_SECONDS",
    "LD_LIBRARY_PATH",
    "NO_PROXY",
    "no_proxy",
}
_WORKER_PREFIXES = (
    "NOOP_",
    "C2PA_",
    "SDXL_",
    "WAN_",
    "CHAT_",
    "TORCH",
    "PYTORCH_",
    "HF_",
    "HUGGINGFACE_",
    "TRANSFORMERS_",
    "OUTPUT_",
    "DIFFUSERS_",
    "CUDA_",
    "NVIDIA_",
)


@dataclass(frozen=True)
class LocalSystem:
    """One local system: its data folder and its ports."""

    data: Path
    port: int
    """The gateway's port, which the caller chooses."""
    ports: Mapping[str, int]
    """The ports of ``postgres``, ``storage``, ``tasks`` and ``worker``."""
    database: str | None = None
    """The caller's ``DATABASE_URL``; None for the embedded server."""

    @property
    def base(self) -> str:
        """The base URL for clients."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def functions_url(self) -> str:
        """The base URL of the functions."""
        return f"{self.base}/functions/v1"

    @property
    def traces(self) -> str:
        """The file of all spans; an empty ``TRACES_FILE`` in the environment disables it."""
        return os.environ.get("TRACES_FILE", str(self.data / "logs" / "traces.jsonl"))

    @property
    def sweep_url(self) -> str:
        """The URL that the scheduler calls; also its token's audience, as in the cloud."""
        return f"{self.functions_url}/sweep-jobs"

    def address_of(self, name: str) -> str:
        """Return the URL of a process, by its name in ``ports``."""
        return f"http://127.0.0.1:{self.ports[name]}"


def base_env() -> dict[str, str]:
    """Return the variables of every process: the path of programs, and the language."""
    return {
        name: value
        for name, value in os.environ.items()
        if name in _EVERY_PROCESS or name.startswith("LC_")
    }


def functions_env(system: LocalSystem, database_url: str) -> dict[str, str]:
    """Return the functions' settings, in addition to the caller's environment."""
    worker_keys = {worker_id: [keys.worker_key(worker_id)] for worker_id in keys.WORKERS}
    return {
        **os.environ,
        "LOCAL_SYSTEM": "1",
        "DATABASE_URL": database_url,
        "JWT_SECRET": tokens.secret(),
        "JWT_ISSUER": tokens.ISSUER,
        "JWT_AUDIENCE": tokens.AUDIENCE,
        "URL_TOKEN_SECRET": keys.secret("url-token-secret"),
        "WORKER_KEYS": json.dumps(worker_keys),
        "FUNCTIONS_URL": system.functions_url,
        "WORKSPACE_BUCKET": WORKSPACE_BUCKET,
        "LIBRARY_BUCKET": LIBRARY_BUCKET,
        "STORAGE_EMULATOR_HOST": system.address_of("storage"),
        "SIGNING_KEY_FILE": str(keys.signing_key()),
        "TASKS_EMULATOR_HOST": f"127.0.0.1:{system.ports['tasks']}",
        "TASKS_PROJECT": "local",
        "TASKS_LOCATION": "local",
        "OIDC_JWKS_URL": f"{system.base}/.well-known/jwks.json",
        "OIDC_ISSUER": OIDC_ISSUER,
        "SCHEDULER_EMAIL": SCHEDULER_EMAIL,
        "SCHEDULER_AUDIENCE": system.sweep_url,
        "TRACES_FILE": system.traces,
    }


def worker_env(system: LocalSystem, worker_id: str) -> dict[str, str]:
    """Return a worker's settings: its key, but no access to database or storage."""
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in _WORKER_VARIABLES or name.startswith(_WORKER_PREFIXES)
    }
    return {
        "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(_threads())),
        **base_env(),
        **passed,
        "WORKER_ID": worker_id,
        "WORKER_KEY": keys.worker_key(worker_id),
        "LOCAL_SYSTEM": "1",
        "WORKER_URL": system.address_of("worker"),
        "FUNCTIONS_URL": system.functions_url,
        "HOST": "127.0.0.1",
        "PORT": str(system.ports["worker"]),
        "TRACES_FILE": system.traces,
    }


def _threads() -> int:
    """Return the threads of one model operation: half the cores; the system needs the rest.

    An operation waits for its slowest thread: with two threads on two cores and another process
    running, the same jobs took four times as long as with one thread.
    """
    cores = (
        os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    )
    return max(1, len(cores) // 2)
