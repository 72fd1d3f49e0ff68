"""The Cloud Storage emulator as a process, and a signer of its URLs."""

import signal
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.auth.credentials import AnonymousCredentials
from google.cloud.storage import Blob, Client
from google.oauth2.service_account import Credentials

from tests.support.http import web
from tests.support.local_system import TIMEOUT_SECONDS, free_port, wait_until

ORIGIN = "https://app.example.com"


DAY = timedelta(days=1)


MD5_OF_BYTES = "SzpiGLs+OnMD6KFxpg/Pkg=="  # of b"bytes"


@dataclass
class Signer:
    """The RSA key of a made-up service account."""

    key: rsa.RSAPrivateKey = field(
        default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )

    @property
    def credentials(self) -> Credentials:
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        made: Credentials = Credentials.from_service_account_info(
            {
                "type": "service_account",
                "client_email": "signer@local.iam.gserviceaccount.com",
                "token_uri": "https://example.com/token",
                "private_key": pem.decode(),
            }
        )
        return made

    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def certificate(self) -> bytes:
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(name, name, self.key.public_key(), 1, now, now + DAY)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@dataclass
class Emulator:
    """The emulator as a separate process, on data that outlives it."""

    data: Path
    signer_file: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> Self:
        self.port = free_port()
        arguments = ["--port", str(self.port), "--data", str(self.data)]
        arguments += ["--signer", str(self.signer_file), "--cors-origins", "*"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.storage_emulator", *arguments]
        )
        wait_until(self._is_up, what="the storage emulator to start")
        return self

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        assert self.process
        self.process.send_signal(how)
        self.process.wait(TIMEOUT_SECONDS)

    def incoming(self) -> list[Path]:
        """The files of uploads that have begun and are not complete."""
        return list(self.data.glob("incoming/*"))

    def client(self) -> Client:
        return Client(
            project="local",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.url},
        )

    def _is_up(self) -> bool:
        assert self.process
        assert self.process.poll() is None, "the storage emulator has ended"
        try:
            return web.get(f"{self.url}/healthz").is_success
        except httpx.TransportError:
            return False


@dataclass
class Sign:
    """Signs URLs of one emulator."""

    url: str
    credentials: Credentials

    def __call__(self, blob: Blob, method: str = "GET", **options: object) -> str:
        options.setdefault("expiration", timedelta(minutes=5))
        url = blob.generate_signed_url(
            version="v4",
            method=method,
            credentials=self.credentials,
            api_access_endpoint=self.url,
            **options,
        )
        return str(url)


def put(blob: Blob, data: bytes | str = b"data", **options: object) -> Blob:
    blob.upload_from_string(data, **options)
    return blob
