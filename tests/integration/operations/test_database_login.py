"""How a function logs in to the database in the cloud: as its service account, with a token."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from psycopg.conninfo import conninfo_to_dict

from shared.db import database_login
from shared.errors import ServiceUnavailableError
from shared.services import Services
from shared.settings import Settings
from tests.support.local_system import LocalSystem

TOKEN = f"token-{uuid4()}"


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The key file of a service account, with a running token issuer for it."""

    class Issuer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_response(200)
            self.end_headers()
            token_response = {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}
            self.wfile.write(json.dumps(token_response).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    file = tmp_path_factory.mktemp("account") / "key.json"
    env = {
        "type": "service_account",
        "client_email": "queue-job@project.iam.gserviceaccount.com",
        "token_uri": f"http://127.0.0.1:{server.server_port}/token",
        "private_key": key.decode(),
    }
    file.write_text(json.dumps(env))
    yield file
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def in_the_cloud(bare: LocalSystem) -> Settings:
    """The settings of a function whose database URL has no password."""
    login = f"cloud_{uuid4().hex[:8]}"
    with bare.database() as database:
        database.execute(f"create role {login} login password '{TOKEN}' in role service".encode())
    settings = bare.settings()
    there = urlsplit(settings.database_url.get_secret_value())
    address = f"postgresql://{login}@{there.hostname}:{there.port}{there.path}"
    return bare.settings(
        database_url=address, local_system=False, k_service="queue-job", signing_key_file=None
    )


async def test_a_token_of_its_account_opens_the_database(
    in_the_cloud: Settings, account: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(account))
    options = conninfo_to_dict(await database_login.conninfo(in_the_cloud))
    assert options["password"] == TOKEN, "the local server may ask for none"
    services = Services(in_the_cloud)
    async with services.database.transaction() as connection:
        row = await (await connection.execute("select session_user::text as who")).fetchone()
    assert row
    assert row["who"].startswith("cloud_")
    await services.close()


async def test_without_a_token_it_is_unavailable(
    in_the_cloud: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    services = Services(in_the_cloud)
    with pytest.raises(ServiceUnavailableError):
        async with services.database.transaction():
            pass
    await services.close()


async def test_an_address_with_a_password_is_taken_as_it_is(bare: LocalSystem) -> None:
    settings = bare.settings(local_system=False, k_service="queue-job", signing_key_file=None)
    assert await database_login.conninfo(settings) == settings.database_url.get_secret_value()
