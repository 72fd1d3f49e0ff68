"""Emulator CLI: `python -m infra.local.storage_emulator --port 9000 --data DIR …`."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from infra.http_protocol import HttpProtocol

from . import cors
from .app import StorageEmulator
from .signed_urls import SignedUrlVerifier
from .store import Store


def main() -> None:
    """Serve until SIGTERM or SIGINT."""
    arguments = _parser().parse_args()
    arguments.data.mkdir(parents=True, exist_ok=True)
    origins = arguments.cors_origins
    store = Store(arguments.data, {"cors": cors.allowing(origins)} if origins else {})
    verifier = SignedUrlVerifier.from_pem(arguments.signer.read_bytes())
    uvicorn.run(
        StorageEmulator(store, verifier),
        host="127.0.0.1",
        port=arguments.port,
        loop="uvloop",
        http=HttpProtocol,
        ws="none",
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=1,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m infra.local.storage_emulator")
    parser.add_argument("--port", type=int, required=True, help="the port on 127.0.0.1")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the data")
    parser.add_argument(
        "--signer",
        type=Path,
        required=True,
        help="the PEM file of the certificate or RSA public key that verifies signed URLs",
    )
    parser.add_argument(
        "--cors-origins",
        nargs="*",
        default=[],
        help="origins allowed by a new bucket without CORS rules; '*' is every origin",
    )
    return parser


if __name__ == "__main__":
    main()
