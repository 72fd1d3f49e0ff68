"""Fixtures of the Cloud Storage emulator: one process for the tests of this folder."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from google.cloud.storage import Bucket, Client

from tests.integration.emulators.storage_emulator.emulator import Emulator, Sign, Signer
from tests.support.local_system import TIMEOUT_SECONDS


@pytest.fixture(scope="package")
def signer() -> Signer:
    return Signer()


@pytest.fixture(scope="package")
def emulator(tmp_path_factory: pytest.TempPathFactory, signer: Signer) -> Iterator[Emulator]:
    directory = tmp_path_factory.mktemp("storage")
    signer_file = directory / "signer.pem"
    signer_file.write_bytes(signer.public_key())
    started = Emulator(directory / "data", signer_file).start()
    yield started
    started.end()


@pytest.fixture(scope="package")
def client(emulator: Emulator) -> Client:
    return emulator.client()


@pytest.fixture
def bucket(client: Client) -> Bucket:
    return client.create_bucket(f"bucket-{uuid4().hex[:8]}")


@pytest.fixture(scope="package")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=TIMEOUT_SECONDS) as opened:
        yield opened


@pytest.fixture(scope="package")
def sign(emulator: Emulator, signer: Signer) -> Sign:
    return Sign(emulator.url, signer.credentials)
