"""A fake external web site on TLS, with its own authority, and a network on which it is public.

The network replaces the fetcher's own: it records each address that is dialled, and connects only
to the site's one public address.
"""

import contextlib
import gzip
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpcore
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from shared.clients.public_addresses import Address, Resolver
from shared.clients.safe_fetch import MAX_BYTES, SafeFetcher
from tests.support.local_system import TIMEOUT_SECONDS

ADDRESS = "93.184.216.34"
"""A public address; nothing is ever sent there."""
HOST = "pictures.example"


class ExternalSite:
    """https://pictures.example, on the network that it provides."""

    def __init__(self, folder: Path) -> None:
        self.content = b"a picture"
        self.health: Callable[[str], bytes] = lambda _: b"{}"
        """The response body to a challenge."""
        self.requested: list[str] = []
        self.dialled: list[str] = []
        key, self._authority = _certificate(folder)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._authority, key)
        handler = type("Handler", (_Handler,), {"site": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop the server."""
        self._server.shutdown()
        self._server.server_close()

    def guard(
        self,
        resolver: Resolver | None = None,
        max_bytes: int = MAX_BYTES,
        max_seconds: float = TIMEOUT_SECONDS,
    ) -> SafeFetcher:
        """A safe fetcher that resolves every name to the site, unless another resolver is passed.

        Its timeout is that of a test, not ten seconds as in the product.
        """
        return SafeFetcher(
            resolver=resolver or answering(ADDRESS),
            network=_Network(self._server.server_port, self.dialled),
            certificates=ssl.create_default_context(cafile=self._authority),
            max_bytes=max_bytes,
            max_seconds=max_seconds,
        )


class _Handler(BaseHTTPRequestHandler):
    site: ExternalSite

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        self.site.requested.append(f"{self.headers['host']}{self.path}")
        self.close_connection = True
        with contextlib.suppress(OSError):  # the fetcher disconnects from most of these
            getattr(self, f"_{address.path[1:]}", self._missing)(parse_qs(address.query))

    def _picture(self, _: object) -> None:
        self._respond(200, self.site.content)

    def _healthz(self, query: dict[str, list[str]]) -> None:
        self._respond(200, self.site.health(query["challenge"][0]))

    def _missing(self, _: object) -> None:
        self._respond(404, b"nothing")

    def _redirect(self, query: dict[str, list[str]]) -> None:
        self._respond(302, b"", location=query["to"][0])

    def _large(self, _: object) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(bytes(65536))

    def _gzip(self, _: object) -> None:
        bomb = gzip.compress(bytes(20_000_000))
        self._respond(200, bomb, **{"content-encoding": "gzip"})

    def _drip(self, _: object) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b"x")
            time.sleep(0.02)

    def _headers(self, _: object) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            self.wfile.write(b"x-more: x\r\n")
            time.sleep(0.02)

    def _silent(self, _: object) -> None:
        self.connection.settimeout(TIMEOUT_SECONDS)
        self.connection.recv(1)  # until the fetcher disconnects

    def _nonsense(self, _: object) -> None:
        self.wfile.write(b"220 smtp.inside ESMTP\r\n")

    def _respond(self, status: int, content: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        pass


def answering(*addresses: str) -> Resolver:
    """A resolver that returns these addresses."""

    async def resolve(_: str) -> Sequence[Address]:
        return [ip_address(address) for address in addresses]

    return resolve


class _Network(httpcore.AsyncNetworkBackend):
    def __init__(self, port: int, dialled: list[str]) -> None:
        self._port = port
        self._dialled = dialled
        self._loopback = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self._dialled.append(f"{host}:{port}")
        if host != ADDRESS:
            raise httpcore.ConnectError
        return await self._loopback.connect_tcp(
            "127.0.0.1", self._port, timeout, local_address, socket_options
        )


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Write a key and a certificate of the host that it signs; return both paths."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An external authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    encoding = serialization.Encoding.PEM
    form = (serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "key.pem").write_bytes(key.private_bytes(encoding, *form))
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(encoding))
    return folder / "key.pem", folder / "certificate.pem"
