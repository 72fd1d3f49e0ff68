"""Fixtures: one Cloud Tasks emulator and one target for the tests of this folder."""

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives import serialization
from google.cloud.tasks_v2 import (
    CloudTasksClient,
)

from tests.integration.emulators.tasks_emulator.emulator import KEY, Emulator, numbers, running
from tests.integration.emulators.tasks_emulator.target import Target


@pytest.fixture(scope="package")
def target() -> Iterator[Target]:
    made = Target()
    yield made
    made.close()


@pytest.fixture(scope="package")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    data = tmp_path_factory.mktemp("tasks")
    pem = data / "key.pem"
    pem.write_bytes(
        KEY.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    issuer = ["--oidc-key", str(pem), "--oidc-issuer", "https://issuer.test"]
    with running(data, "--min-deadline-seconds", "0.5", *issuer) as started:
        yield started


@pytest.fixture
def client(emulator: Emulator) -> CloudTasksClient:
    return emulator.client


@pytest.fixture
def path() -> str:
    """A path of the target that no other test uses."""
    return f"/{next(numbers)}"
