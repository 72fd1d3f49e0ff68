"""The secrets stored under `.local/keys`."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from infra.local.config import keys
from shared.contracts.webhook_signature import key_bytes


def test_a_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first = keys.secret("jwt-secret", tmp_path / "keys")

    assert len(first) == 64
    assert keys.secret("jwt-secret", tmp_path / "keys") == first
    assert (tmp_path / "keys" / "jwt-secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o700


def test_two_names_are_two_secrets(tmp_path: Path) -> None:
    assert keys.secret("one", tmp_path) != keys.secret("two", tmp_path)


def test_many_at_once_agree_on_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = set(pool.map(lambda _: keys.secret("raced", tmp_path), range(64)))

    assert len(made) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["raced"]


def test_a_worker_key_signs(tmp_path: Path) -> None:
    assert len(key_bytes(keys.worker_key("demo", tmp_path))) == 32


def test_the_verifying_key_is_the_signing_keys_other_half(tmp_path: Path) -> None:
    public = keys.verifying_key(tmp_path).read_bytes()
    account = json.loads(keys.signing_key(tmp_path).read_text())

    private = serialization.load_pem_private_key(account["private_key"].encode(), password=None)
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert private.public_key().public_bytes(*form) == public
    assert account["type"] == "service_account"
    assert account["client_email"]
