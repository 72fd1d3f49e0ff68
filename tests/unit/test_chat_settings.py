"""Settings of the chat worker, read from the environment."""

import pytest

from gpu_workers.runtime import settings


def read(monkeypatch: pytest.MonkeyPatch, **environment: str) -> settings.ChatSettings:
    for name in settings.ChatSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings.chat.cache_clear()
    try:
        return settings.chat()
    finally:
        settings.chat.cache_clear()


def test_it_needs_no_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    assert (settings.host, settings.port, settings.chat_queue_size) == ("127.0.0.1", 8000, 8)
    assert (settings.chat_model, settings.chat_api_key, settings.should_register) == (
        None,
        None,
        False,
    )


@pytest.mark.parametrize("name", ["WORKER_ID", "WORKER_KEY", "FUNCTIONS_URL"])
def test_it_registers_where_anything_says_so(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    settings = read(monkeypatch, **{name: "https://anything"})
    assert settings.should_register


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.1", "example.com"])  # noqa: S104
def test_beyond_loopback_it_is_not_open(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    with pytest.raises(SystemExit) as ended:
        read(monkeypatch, HOST=host)
    assert "CHAT_API_KEY" in str(ended.value)
    assert read(monkeypatch, HOST=host, CHAT_API_KEY="k").chat_api_key == "k"


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_on_loopback_it_may_be_open(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    assert read(monkeypatch, HOST=host).chat_api_key is None


@pytest.mark.parametrize(
    ("name", "value"),
    [("CHAT_QUEUE_SIZE", "0"), ("CHAT_MAX_TOKENS", "many"), ("PORT", "0"), ("TORCH_THREADS", "0")],
)
def test_unusable_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(SystemExit) as ended:
        read(monkeypatch, **{name: value})
    assert name in str(ended.value)


def test_keys_are_not_in_what_settings_print(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, CHAT_API_KEY="a secret", WORKER_KEY="another secret")
    assert "secret" not in repr(settings)
