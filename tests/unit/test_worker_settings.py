"""Settings of a worker, read from the environment."""

import pytest

from gpu_workers.runtime import settings
from shared.contracts import webhook_signature

KEY = webhook_signature.new_key()
COMPLETE = {
    "WORKER_ID": "gpu-1",
    "WORKER_KEY": KEY,
    "FUNCTIONS_URL": "http://127.0.0.1:8080/functions/v1/",
    "PORT": "9001",
}


def read(monkeypatch: pytest.MonkeyPatch, **changed: str) -> settings.WorkerSettings:
    names = [name.upper() for name in settings.WorkerSettings.model_fields]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    for name, value in {**COMPLETE, **changed}.items():
        monkeypatch.setenv(name, value)
    settings.worker.cache_clear()
    try:
        return settings.worker()
    finally:
        settings.worker.cache_clear()


def test_settings_have_their_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert (settings.host, settings.worker_slots, settings.prefetch_jobs) == ("127.0.0.1", 1, 1)
    assert settings.public_url == "http://127.0.0.1:9001"
    assert settings.endpoint("job-callback") == "http://127.0.0.1:8080/functions/v1/job-callback"


def test_public_url_is_the_configured_one(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, WORKER_URL="https://gpu.example.com/")
    assert settings.public_url == "https://gpu.example.com"


def test_missing_settings_end_the_process_with_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(monkeypatch, WORKER_KEY="", PORT="")
    assert str(ended.value) == "The worker cannot start: set WORKER_KEY, PORT in its environment."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("WORKER_KEY", "whsec_c2hvcnQ="),
        ("WORKER_KEY", "a secret that is not base64"),
        ("WORKER_ID", "Not An Id"),
        ("PORT", "many"),
        ("WORKER_SLOTS", "0"),
        ("FUNCTIONS_URL", "example.com"),
    ],
)
def test_unusable_setting_is_named_and_its_value_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        read(monkeypatch, **{name: value})
    assert name in str(ended.value)
    assert value not in str(ended.value)


def test_key_is_not_in_what_settings_print(monkeypatch: pytest.MonkeyPatch) -> None:
    assert KEY not in repr(read(monkeypatch))


@pytest.mark.parametrize(
    ("environment", "knows"),
    [
        ({}, True),
        ({"HOST": "::1"}, True),
        ({"HOST": "10.0.0.7"}, False),
        ({"HOST": "10.0.0.7", "WORKER_URL": "https://worker.example.com"}, True),
    ],
)
def test_worker_that_does_not_know_its_address_is_the_operators_to_make_known(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], *, knows: bool
) -> None:
    assert read(monkeypatch, **environment).has_public_url is knows
