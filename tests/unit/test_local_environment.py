"""Environment variables of the local system's processes."""

import json
from pathlib import Path

import pytest

from infra.local.config import environment
from infra.local.config.environment import LocalSystem

SYSTEM = LocalSystem(Path("/data"), 8080, {"postgres": 1, "storage": 2, "tasks": 3, "worker": 4})
DATABASE_URL = "postgresql://functions:secret@127.0.0.1:1/ourvidz"


def test_a_worker_learns_no_secret_but_its_own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", DATABASE_URL)
    monkeypatch.setenv("JWT_SECRET", "caller's")
    monkeypatch.delenv("TORCHINDUCTOR_CACHE_DIR", raising=False)  # torch sets it where it compiles
    functions = environment.functions_env(SYSTEM, DATABASE_URL)

    worker = environment.worker_env(SYSTEM, "demo")

    assert worker["WORKER_KEY"] in json.loads(functions["WORKER_KEYS"])["demo"]
    names = {"FUNCTIONS_URL", "TRACES_FILE", "LOCAL_SYSTEM"}
    secret = set(functions) - set(environment.base_env()) - names
    assert not {name for name in secret & set(worker) if worker[name] == functions[name]}
    for name in ("DATABASE_URL", "JWT_SECRET", "WORKER_KEYS", "SIGNING_KEY_FILE"):
        assert name not in worker


def test_a_worker_gets_its_url_and_that_of_the_functions() -> None:
    worker = environment.worker_env(SYSTEM, "noop")

    assert worker["WORKER_ID"] == "noop"
    assert worker["WORKER_URL"] == "http://127.0.0.1:4"
    assert (worker["HOST"], worker["PORT"]) == ("127.0.0.1", "4")
    assert worker["FUNCTIONS_URL"] == "http://127.0.0.1:8080/functions/v1"


@pytest.mark.parametrize("name", ["NOOP_STEPS", "SDXL_MODEL", "PREFETCH_JOBS", "HF_HOME"])
def test_a_workers_own_settings_pass_through(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "given")

    assert environment.worker_env(SYSTEM, "noop")[name] == "given"


def test_the_products_numbers_pass_through_to_the_functions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LEASE_SECONDS", "5")
    monkeypatch.setenv("DATABASE_URL", "postgresql://superuser@elsewhere/db")

    functions = environment.functions_env(SYSTEM, DATABASE_URL)

    assert functions["LEASE_SECONDS"] == "5"
    assert functions["DATABASE_URL"] == DATABASE_URL
    assert functions["SCHEDULER_AUDIENCE"] == "http://127.0.0.1:8080/functions/v1/sweep-jobs"
