"""Environment variables that terraform sets: each program has them, and all it needs are set."""

import base64
import contextlib
import importlib
import inspect
import json
from typing import Any

import pytest
from pydantic import BaseModel

from gpu_workers.runtime import settings as of_workers
from gpu_workers.runtime.safety import settings
from infra import manifest as the_map
from shared.settings import Settings
from tests.infra.terraform import Resource

KEY = "whsec_" + base64.b64encode(b"k" * 32).decode()
MAP = the_map.read()
ENDPOINTS = [*MAP.functions, *MAP.services]
SECRETS = {"WORKER_KEYS": json.dumps({"sdxl": [KEY]})}
KNOWN = {name.upper() for name in Settings.model_fields}


def known_to(worker_type: str) -> set[str]:
    """Return what a worker of that type reads: the runtime's settings and its own."""
    modules = [of_workers, settings]
    with contextlib.suppress(ModuleNotFoundError):
        modules.append(importlib.import_module(f"gpu_workers.{worker_type}.settings"))
    forms = [var for module in modules for var in vars(module).values() if inspect.isclass(var)]
    return {
        name.upper() for form in forms if issubclass(form, BaseModel) for name in form.model_fields
    }


def settings_of(plan: list[Resource]) -> dict[str, dict[str, str]]:
    """Return each endpoint's environment; values that only the cloud knows are made up."""
    found = {}
    for resource in plan:
        if resource.type == "google_cloudfunctions2_function":
            config, unknown = (
                resource.known["service_config"][0],
                resource.unknown["service_config"][0],
            )
            plain = {**config["environment_variables"], **_made_up(unknown)}
            secret = [entry["key"] for entry in config["secret_environment_variables"]]
            found[resource.known["name"]] = plain | {name: _secret(name) for name in secret}
        elif resource.type == "google_cloud_run_v2_service":
            found[resource.known["name"]] = _of_container(resource)
    return found


def _made_up(unknown: dict[str, Any]) -> dict[str, str]:
    names = unknown.get("environment_variables") or {}
    return dict.fromkeys(names, "postgresql://somebody@10.0.0.3/ourvidz")


def _of_container(service: Resource) -> dict[str, str]:
    entries = service.known["template"][0]["containers"][0]["env"]
    return {
        entry["name"]: _secret(entry["name"])
        if entry["value_source"]
        else entry.get("value") or "unknown"
        for entry in entries
    }


def _secret(name: str) -> str:
    return SECRETS.get(name, KEY)


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_every_function_can_start(plans: dict[str, list[Resource]], environment: str) -> None:
    environments = settings_of(plans[environment])
    for name in ENDPOINTS:
        Settings.model_validate({key.lower(): value for key, value in environments[name].items()})


def test_no_function_gets_a_setting_that_it_does_not_read(plan: list[Resource]) -> None:
    for name in ENDPOINTS:
        assert settings_of(plan)[name].keys() <= KNOWN, name


def test_every_setting_without_a_default_is_set(plan: list[Resource]) -> None:
    needed = {name.upper() for name, one in Settings.model_fields.items() if one.is_required()}
    # Optional on one machine, but nothing in the cloud can provide a default.
    needed |= {"FUNCTIONS_URL", "SCHEDULER_EMAIL", "SCHEDULER_AUDIENCE", "TASKS_PROJECT"}
    for name in ENDPOINTS:
        assert needed <= settings_of(plan)[name].keys(), name


def test_a_worker_gets_the_settings_it_reads(plan: list[Resource]) -> None:
    workers = {name: env for name, env in settings_of(plan).items() if name.startswith("worker-")}
    assert len(workers) == 2
    for name, environment in workers.items():
        assert environment.keys() <= known_to(name.removeprefix("worker-"))
        own = {key.lower(): value for key, value in environment.items()}
        of_workers.WorkerSettings.model_validate({**own, "port": "8080"})


def test_no_function_gets_a_setting_of_the_local_system(plan: list[Resource]) -> None:
    for name, environment in settings_of(plan).items():
        assert not [key for key in environment if "EMULATOR" in key or "LOCAL" in key], name
