"""Local secrets and keys: generated on first use, stored in the checkout's ``.local/keys``."""

import contextlib
import functools
import json
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

from shared.contracts.webhook_signature import new_key

CHECKOUT = Path(__file__).parents[3]
FOLDER = CHECKOUT / ".local" / "keys"
SERVICE_ACCOUNT = "functions@local.iam.gserviceaccount.com"
WORKERS = ("demo", "noop")
"""The workers that run on one machine: folders of ``gpu_workers/``, and their ids."""


def secret(name: str, folder: Path = FOLDER) -> str:
    """Return a secret of 64 hexadecimal digits, the same in every call."""
    return ensure_file(folder / name, secrets.token_hex).read_text()


def worker_key(worker_id: str, folder: Path = FOLDER) -> str:
    """Return the key that signs the messages to and from a worker."""
    return ensure_file(folder / f"worker-{worker_id}", new_key).read_text()


def oidc_key(folder: Path = FOLDER) -> Path:
    """Return the RSA key file (PEM) that signs the scheduler's and the tasks' OIDC tokens."""
    return ensure_file(folder / "oidc.pem", _rsa_pem)


def signing_key(folder: Path = FOLDER) -> Path:
    """Return a service account's key file, which signs storage URLs."""
    return ensure_file(folder / "signing-key.json", _service_account)


def verifying_key(folder: Path = FOLDER) -> Path:
    """Return the signing key's public key file (PEM), with which the emulator verifies URLs."""
    return ensure_file(folder / "signing-key.pub.pem", functools.partial(_public_half, folder))


def make_all(folder: Path = FOLDER) -> None:
    """Generate all missing keys, so that processes that start in parallel find them."""
    for worker_id in WORKERS:
        worker_key(worker_id, folder)
    oidc_key(folder)
    verifying_key(folder)


def ensure_file(path: Path, make: Callable[[], str]) -> Path:
    """Return a file, created atomically if it is missing, readable only by its owner.

    If two processes create it at the same time, both use the file of the first.

    Args:
        path: the file.
        make: returns the content of a new file.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=path.parent)  # 0600
    try:
        with os.fdopen(handle, "w") as file:
            file.write(make())
        with contextlib.suppress(FileExistsError):
            Path(path).hardlink_to(draft)
    finally:
        Path(draft).unlink()
    return path


def _rsa_pem() -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow, seldom needed
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - the same

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


def _service_account() -> str:
    fields = {
        "type": "service_account",
        "project_id": "local",
        "private_key_id": secrets.token_hex(20),
        "private_key": _rsa_pem(),
        "client_email": SERVICE_ACCOUNT,
        "client_id": "1",
        # Never called: URLs are signed with the key itself.
        "token_uri": "http://127.0.0.1/token",
    }
    return json.dumps(fields, indent=2)


def _public_half(folder: Path) -> str:
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - slow, seldom needed

    pem = json.loads(signing_key(folder).read_text())["private_key"]
    key = serialization.load_pem_private_key(pem.encode(), password=None)
    return (
        key.public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )
