"""Definitions of the local system's processes."""

import functools
import signal
from dataclasses import dataclass
from pathlib import Path

from infra.local.config import environment, keys
from infra.local.config.environment import LocalSystem
from infra.local.database import server, setup
from infra.local.process import readiness
from infra.local.process.managed_process import ProcessSpec, python_module


@dataclass(frozen=True)
class Options:
    """Options of the command line."""

    port: int = 8080
    data: Path = Path(".local/data")
    worker: str = "demo"
    """``demo``, ``noop`` or ``none``."""
    sample: str | None = None
    once: bool = False


def postgres_program(system: LocalSystem) -> ProcessSpec:
    """Return the embedded Postgres. SIGINT is its fast shutdown: it does not wait for clients."""
    port = system.ports["postgres"]
    folder = system.data / "postgres"
    return ProcessSpec(
        name="postgres",
        port=port,
        command=functools.partial(server.command, folder, port),
        environment=environment.base_env(),
        is_ready=functools.partial(setup.is_up, port),
        prepare=functools.partial(server.make_ready, folder),
        stops_with=signal.SIGINT,
        stop_seconds=30,
    )


def storage_program(system: LocalSystem) -> ProcessSpec:
    """Return the Cloud Storage emulator."""
    port = system.ports["storage"]
    arguments = [
        *("--port", str(port), "--data", str(system.data / "storage")),
        *("--signer", str(keys.verifying_key())),
    ]
    return ProcessSpec(
        name="storage",
        port=port,
        command=functools.partial(python_module, "infra.local.storage_emulator", *arguments),
        environment=environment.base_env(),
        is_ready=functools.partial(readiness.answers_http, port),
    )


def tasks_program(system: LocalSystem) -> ProcessSpec:
    """Return the Cloud Tasks emulator."""
    port = system.ports["tasks"]
    arguments = [
        *("--port", str(port), "--data", str(system.data / "tasks")),
        *("--oidc-key", str(keys.oidc_key()), "--oidc-issuer", environment.OIDC_ISSUER),
    ]
    return ProcessSpec(
        name="tasks",
        port=port,
        command=functools.partial(python_module, "infra.local.tasks_emulator", *arguments),
        environment=environment.base_env(),
        is_ready=functools.partial(readiness.listens, port),
    )


def gateway_program(system: LocalSystem, database_url: str) -> ProcessSpec:
    """Return the gateway, which serves all functions at one port."""
    arguments = ["--port", str(system.port), "--data", str(system.data)]
    return ProcessSpec(
        name="gateway",
        port=system.port,
        command=functools.partial(python_module, "infra.local.gateway.app", *arguments),
        environment=environment.functions_env(system, database_url),
        is_ready=functools.partial(readiness.answers_http, system.port),
    )


def worker_program(system: LocalSystem, worker: str) -> ProcessSpec:
    """Return the worker for all job types; loading its models may take up to 180 seconds."""
    port = system.ports["worker"]
    return ProcessSpec(
        name="worker",
        port=port,
        command=functools.partial(python_module, f"gpu_workers.{worker}.main"),
        environment=environment.worker_env(system, worker),
        is_ready=functools.partial(readiness.answers_http, port),
        ready_seconds=180,
        stop_seconds=15,
    )
